"""What computer and machines reach: open ports as the rules say, and names by DNS."""
