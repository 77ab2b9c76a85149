"""Say how a workbench is, and open its pages."""
