"""For those who write packs: spec tables, lint, explanations."""
