"""The models themselves: loaded once, shared by all sessions, never run on the event loop."""
