"""Views of the portal: they translate and decide nothing."""
