"""Run these tests on both databases."""

from tests.databases import database, empty_database

__all__ = ["database", "empty_database"]
