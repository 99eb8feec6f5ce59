"""Everything that understands speech. Knows nothing of `server`."""
