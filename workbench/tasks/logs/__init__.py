"""Show the server's logs."""
