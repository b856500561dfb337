"""One person's own parameters, from a few measured concentrations."""
