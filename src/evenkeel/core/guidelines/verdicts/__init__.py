"""What packs say of one person, and where guidelines part."""
