"""The public guideline browser: every criterion, fact and conflict. No tables, no person."""
