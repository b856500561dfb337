"""Guidelines as data: facts, criteria, packs, and verdicts that explain themselves."""
