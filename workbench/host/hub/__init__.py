"""What JupyterHub itself imports: its own Python runs it, apart from the recipe."""
