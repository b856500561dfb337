"""What is missing, and what would change a verdict."""
