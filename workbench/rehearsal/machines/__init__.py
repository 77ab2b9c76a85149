"""Machines: containers for EC2's instances, and the image they are made from."""
