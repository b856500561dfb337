"""Components, tokens and page frames that all screens share. No tables, no decisions."""
