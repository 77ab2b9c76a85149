"""How the recipe is run: operations, plan, journal, progress."""
