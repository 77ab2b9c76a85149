"""Who signed a request, what it needs, and whether the policies allow it."""
