"""Bring a workbench up: what is typed, and how it is done."""
