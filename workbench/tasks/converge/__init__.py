"""Run the recipe again, and say what it would change."""
