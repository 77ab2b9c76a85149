"""A first ``up`` that AWS refused: why, what exists by now, and how it continues."""
