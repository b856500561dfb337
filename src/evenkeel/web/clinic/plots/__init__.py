"""Charts of the staff screens, as SVG. Geometry only: selectors give the facts."""
