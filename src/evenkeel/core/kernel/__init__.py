"""The words all other packages speak: sources, verdicts, quantities, content."""
