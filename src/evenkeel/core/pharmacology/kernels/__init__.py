"""What is compiled: concentrations of many at once, and their percentiles."""
