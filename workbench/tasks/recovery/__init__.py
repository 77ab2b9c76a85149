"""What is damaged or lost of a stack, what AWS still has of it, and how it comes back."""
