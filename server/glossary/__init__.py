"""Glossaries for clients: REST under `/v1/glossaries`, and their entries for running sessions."""
