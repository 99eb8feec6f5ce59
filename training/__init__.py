"""Training recipes; what they make is served by `models`, which knows nothing of them."""
