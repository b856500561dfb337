"""Staff screens. Views translate; they decide nothing."""
