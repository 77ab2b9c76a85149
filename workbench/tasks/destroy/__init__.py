"""Remove a workbench, and say what is kept."""
