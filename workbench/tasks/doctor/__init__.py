"""Find out what is wrong."""
