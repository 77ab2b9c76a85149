"""A new stack on AWS: asked for, checked, written."""
