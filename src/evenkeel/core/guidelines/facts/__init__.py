"""One person's facts, from a record and from answers."""
