"""What a page or a file shows of it."""
