"""What is given: products, doses, and (later) how the body handles them."""
