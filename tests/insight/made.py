"""A shop's month, made the same each time: 100,000 turns, their handoffs and ratings.

Run it to fill the configured database: `python -m tests.insight.made 100000 2026-10-01 31`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert

from kefu.knowledge.model import read_knowledge
from kefu.storage.engine import writing
from kefu.storage.tables import conversations, handoff_events, handoffs, ratings, turns
from tests.databases import PROJECT

ZONE = ZoneInfo("Asia/Shanghai")
SEED = 6
_OUTCOMES = {
    "answered": 52, "task": 14, "options": 8, "not_recognised": 8, "small_talk": 9,
    "form": 5, "welcome": 3.5, "failed": 0.5,
}  # fmt: skip
_CHANNELS = ("rest", "wechat:shop", "wechat:news")
_REASONS = ("keyword", "keyword", "unrecognised", "repeat", "button", "complaint")
# How busy each hour of the day is.
_BUSY = (1, 1, 1, 1, 1, 1, 2, 3, 6, 9, 10, 9, 8, 8, 9, 9, 8, 7, 7, 9, 10, 9, 6, 3)
_ROWS_AT_A_TIME = 5000


class Month:
    """What customers did in some days, as rows of the tables."""

    def __init__(self, messages: int, first: date, days: int, seed: int = SEED) -> None:
        """Make about that many messages of as many customers as write four each."""
        self._random = random.Random(seed)
        self._first, self._days = first, days
        categories = read_knowledge(PROJECT)
        self._labels = [entry.label for category in categories for entry in category.entries]
        self.rows: dict[Table, list[dict[str, Any]]] = {
            table: [] for table in (conversations, turns, handoffs, handoff_events, ratings)
        }
        customers = max(1, messages // 12)
        for number in range(customers):
            self._add_customer(number, seed)
        while len(self.rows[turns]) < messages:
            self._add_session(self._random.randrange(customers))

    def _add_customer(self, number: int, seed: int) -> None:
        at = datetime.combine(self._first, time(), ZONE).timestamp()
        self.rows[conversations].append(
            {
                "id": f"made{seed:04d}{number:024d}",
                "channel": _CHANNELS[number % len(_CHANNELS)],
                "customer": f"o_made_{number:06d}",
                "created_at": at,
                "seen_at": at,
            }
        )

    def _add_session(self, customer: int) -> None:
        whom = self.rows[conversations][customer]
        at = self._moment()
        for _ in range(self._random.choice((1, 2, 3, 4, 5, 8))):
            outcome = self._random.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]
            self._add_turn(whom, at, outcome)
            at += self._random.uniform(8, 120)
            if outcome == "options" and self._random.random() < 0.7:
                self._add_turn(whom, at, "picked")
                at += 20
        if self._random.random() < 0.22:
            self._add_turn(whom, at, "human")
            self._add_handoff(whom, at + 0.4)

    def _add_turn(self, whom: dict[str, Any], at: float, outcome: str) -> None:
        asks = outcome not in ("welcome", "small_talk", "form", "human", "task")
        named = {"task": "query_order_status", "small_talk": "thank", "human": "request_human"}
        self.rows[turns].append(
            {
                "id": len(self.rows[turns]) + 1,
                "conversation": whom["id"],
                "channel": whom["channel"],
                "started_at": at,
                "outcome": outcome,
                "label": self._label() if asks else named.get(outcome),
                "score": self._random.random(),
                "reply_seconds": self._random.lognormvariate(-3, 1.1),
                "messages": 1,
                "test": self._random.random() < 0.01,
            }
        )

    def _add_handoff(self, whom: dict[str, Any], at: float) -> None:
        number = len(self.rows[handoffs]) + 1
        taken = self._random.random() < 0.9
        answered = at + self._random.lognormvariate(4, 0.8)
        reason = self._random.choice(_REASONS)
        self.rows[handoffs].append(
            {
                "id": number,
                "conversation": whom["id"],
                "state": "closed",
                "reason": reason,
                "question": "怎么还没发货",
                "category": self._label().split("/")[0],
                "requested_at": at,
                "active_at": answered,
                "accepted_at": answered - 5 if taken else None,
                "first_reply_at": answered if taken else None,
                "closed_at": answered + 300,
            }
        )
        kinds = ("requested", "assigned", "done") if taken else ("requested", "cancelled")
        for order, kind in enumerate(kinds):
            row = {"handoff": number, "conversation": whom["id"], "at": at + order, "kind": kind}
            detail = reason if kind == "requested" else None
            self.rows[handoff_events].append({**row, "detail": detail})
        if taken:
            self._add_rating(whom, number, answered + 300)

    def _add_rating(self, whom: dict[str, Any], handoff: int, at: float) -> None:
        rated = self._random.random() < 0.4
        satisfied = self._random.random() < 0.85 if rated else None
        row = {"handoff": handoff, "conversation": whom["id"], "channel": whom["channel"]}
        state = "rated" if rated else "asked"
        self.rows[ratings].append({**row, "asked_at": at, "state": state, "satisfied": satisfied})

    def _moment(self) -> float:
        day = self._first + timedelta(days=self._random.randrange(self._days))
        hour = self._random.choices(range(24), _BUSY)[0]
        at = datetime.combine(day, time(hour), ZONE).timestamp()
        return at + self._random.uniform(0, 3000)

    def _label(self) -> str:
        # Some questions are asked far more often than others.
        return self._labels[int(len(self._labels) * self._random.random() ** 3)]


def fill(month: Month) -> None:
    """Write a month into the configured database."""
    for table, rows in month.rows.items():
        left = iter(rows)
        while chunk := list(islice(left, _ROWS_AT_A_TIME)):
            with writing() as connection:
                connection.execute(insert(table), chunk)


def _arguments() -> Iterator[Any]:
    yield int(sys.argv[1])
    yield date.fromisoformat(sys.argv[2])
    yield int(sys.argv[3])


if __name__ == "__main__":
    fill(Month(*_arguments()))
