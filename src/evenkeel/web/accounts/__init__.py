"""People who sign in: staff with one role each, patients with theirs."""
