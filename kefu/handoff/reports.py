"""What operators should know of the desk; one of each kind is open at a time."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import select, update

from kefu.storage.engine import reading, writing
from kefu.storage.tables import reports
from kefu.storage.upsert import insert_or_ignore

logger = logging.getLogger(__name__)

_LONGEST = 300


@dataclass(frozen=True)
class Report:
    """One thing to know: its kind, the text (Chinese), and since when, UTC seconds."""

    id: int
    kind: str
    text: str
    first_at: float
    last_at: float


def open_report(kind: str, text: str, now: float) -> bool:
    """Report something, or renew the text of what is reported; tell whether it is news.

    The text names no customer.
    """
    text = text[:_LONGEST]
    which = reports.c.open_as == kind
    with reading() as connection:
        known = connection.execute(select(reports.c.text).where(which)).scalar()
    if known == text:
        return False
    row = {"kind": kind, "text": text, "first_at": now, "last_at": now}
    with writing() as connection:
        made = insert_or_ignore(connection, reports, on=("open_as",), open_as=kind, **row)
        if made is None:
            connection.execute(update(reports).where(which).values(text=text, last_at=now))
    if made is not None:
        logger.warning("report %s: %s", kind, text)
    return made is not None


def close_report(kind: str, now: float) -> bool:
    """Note that something is over; tell whether it was reported."""
    which = reports.c.open_as == kind
    with reading() as connection:
        if connection.execute(select(reports.c.id).where(which)).first() is None:
            return False
    over = {"closed_at": now, "last_at": now, "open_as": None}
    with writing() as connection:
        closed: int = connection.execute(update(reports).where(which).values(**over)).rowcount
    if closed:
        logger.warning("report %s is over", kind)
    return closed == 1


def open_reports() -> list[Report]:
    """Return what is reported and not over, oldest first."""
    query = select(reports).where(reports.c.open_as.is_not(None)).order_by(reports.c.id)
    with reading() as connection:
        return [
            Report(r.id, r.kind, r.text, r.first_at, r.last_at) for r in connection.execute(query)
        ]
