"""What doctor looks at besides the outcome checks, and how it says what it found."""
