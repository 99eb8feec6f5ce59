"""One module a revision, named by its number; each names the one before it."""
