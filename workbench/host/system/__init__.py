"""The machine's own: packages, environments, R, network, updates."""
