"""Findings about the running service: what was looked at, what was found, what to do."""
