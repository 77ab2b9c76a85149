"""OpenSSH's own way into the server: aliases, keys, addresses, tunnels."""
