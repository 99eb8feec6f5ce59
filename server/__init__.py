"""Everything that speaks to a client: sessions, wire format, admission, operations."""
