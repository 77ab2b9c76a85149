"""A server becomes another instance type: in place, or by a new server beside it."""
