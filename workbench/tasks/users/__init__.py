"""People's accounts, keys and passwords."""
