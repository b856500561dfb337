"""Many people: how they differ, what everybody comes to, percentiles."""
