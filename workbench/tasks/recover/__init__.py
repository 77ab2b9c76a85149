"""Get back a state that is damaged or lost."""
