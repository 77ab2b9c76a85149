"""An infrastructure-as-code library for a DIY data science workbench on AWS."""

__version__ = "0.1.0.dev0"
