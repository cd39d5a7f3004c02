"""What the bridge has to remember: which conversation in Chatwoot belongs to which handoff."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

_DAY = 86400
_KEPT_DAYS = 30
_TABLES = """
CREATE TABLE IF NOT EXISTS contacts (customer TEXT PRIMARY KEY, source_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS links (handoff INTEGER PRIMARY KEY, conversation INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS seen (event TEXT PRIMARY KEY, at REAL NOT NULL);
"""


class Links:
    """A small SQLite file; no word of a customer is in it."""

    def __init__(self, file: Path) -> None:
        """Open or make the file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)

    def contact(self, customer: str) -> str | None:
        """Return the contact's identifier in Chatwoot."""
        found = self._one("SELECT source_id FROM contacts WHERE customer = ?", customer)
        return None if found is None else str(found)

    def keep_contact(self, customer: str, source_id: str) -> None:
        """Remember a contact."""
        self._db.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?)", (customer, source_id))

    def conversation(self, handoff: int) -> int | None:
        """Return the conversation of a handoff in Chatwoot."""
        found = self._one("SELECT conversation FROM links WHERE handoff = ?", handoff)
        return None if found is None else int(found)

    def keep_conversation(self, handoff: int, conversation: int) -> None:
        """Remember a conversation."""
        self._db.execute("INSERT OR REPLACE INTO links VALUES (?, ?)", (handoff, conversation))

    def seen(self, event: str) -> bool:
        """Tell whether an event was dealt with."""
        return self._one("SELECT 1 FROM seen WHERE event = ?", event) is not None

    def keep_seen(self, event: str) -> None:
        """Remember that an event was dealt with, and forget those of a month ago."""
        now = time.time()
        self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (event, now))
        self._db.execute("DELETE FROM seen WHERE at < ?", (now - _KEPT_DAYS * _DAY,))

    def _one(self, query: str, value: str | int) -> Any:
        row = self._db.execute(query, (value,)).fetchone()
        return row[0] if row else None
