"""Who can do more on the server than the settings say."""
