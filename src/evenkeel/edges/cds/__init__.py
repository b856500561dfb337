"""CDS Hooks 2.0: advice to a prescriber inside another system, at the order."""
