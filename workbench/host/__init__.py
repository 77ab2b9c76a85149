"""The host plane: what the server is, as one recipe that runs on the server itself."""
