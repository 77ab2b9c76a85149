"""Ask for what a workbench of your own needs, and write its project."""
