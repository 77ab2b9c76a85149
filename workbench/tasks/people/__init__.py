"""The people of a workbench: declared in the configuration, known to the server."""
