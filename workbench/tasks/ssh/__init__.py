"""Connect by SSH: client configuration, tunnels, keys, who may reach the port."""
