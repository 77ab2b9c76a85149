"""Machines, files and open ports follow the API's state, and it follows them."""
