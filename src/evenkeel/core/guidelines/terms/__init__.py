"""What can be known: facts, their values, units and codes."""
