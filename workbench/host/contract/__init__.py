"""What both planes hold true: checked before anything is made, and again on the server."""
