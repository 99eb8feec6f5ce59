"""Replay, metrics and reports. Talks to the server as any client does."""
