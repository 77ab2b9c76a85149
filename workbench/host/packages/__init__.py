"""Packages for everyone, after the services are up."""
