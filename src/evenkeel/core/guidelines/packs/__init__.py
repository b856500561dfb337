"""Guidelines as content: packs, conflicts, editions."""
