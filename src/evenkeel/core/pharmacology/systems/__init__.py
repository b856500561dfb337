"""Linear compartments over time, whoever they belong to."""
