"""What talks to the server and its stack below the tasks."""
