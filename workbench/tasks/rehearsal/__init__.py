"""The workbench on this computer: status, reset, environment."""
