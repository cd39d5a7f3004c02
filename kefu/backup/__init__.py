"""Backups: knowledge base, settings and database, made while all runs, and brought back."""
