"""The cloud plane: Pulumi components, one a file, that describe every AWS object of a workbench."""
