"""Published models, and a person in one of them."""
