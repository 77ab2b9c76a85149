"""What is on the data volume, and how it is kept."""
