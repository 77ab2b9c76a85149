"""The data volume: its snapshots, its size, and what was on it before."""
