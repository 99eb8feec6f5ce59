"""Recall: which of a session's terms, of up to 100,000, are spoken in a chunk."""
