"""What is given: products, regimens, presets, and which doses are one treatment."""
