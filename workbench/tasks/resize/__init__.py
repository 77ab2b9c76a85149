"""Change the instance type, in place or by a new server."""
