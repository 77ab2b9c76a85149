"""What JupyterHub and people's Jupyter servers need besides the hub itself."""
