"""Changing settings.yml from the browser: what may be changed, checked, written and taken back."""
