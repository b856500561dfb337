"""The public pharmacology pages: every model, models side by side. No tables, no person."""
