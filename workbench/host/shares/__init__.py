"""Each person's share of the server, and who keeps them to it."""
