"""Tables of patients: opened, checked, screened and written by DuckDB or Spark."""
