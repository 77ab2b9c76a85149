"""What must be true after a step of a lab, whether it was done by commands or as code."""
