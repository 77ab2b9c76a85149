"""Stop, start and restart the server."""
