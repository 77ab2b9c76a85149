"""People's accounts, keys, passwords and folders."""
