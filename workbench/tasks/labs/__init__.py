"""Labs: where they are, how they begin, and how far the reader is."""
