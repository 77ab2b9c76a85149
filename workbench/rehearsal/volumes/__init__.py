"""Volumes: files as block devices for EBS's, and where a machine has them."""
