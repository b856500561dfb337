"""One person over time: concentrations, what they come to, what reaches a target."""
