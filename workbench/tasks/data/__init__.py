"""Back up, grow, list and restore the data volume."""
