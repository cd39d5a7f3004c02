"""Who is signed in: sessions in the database, known by a token that only the browser has."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Connection

from kefu.staff.person import COLUMNS, Person, from_row
from kefu.storage.engine import reading, writing
from kefu.storage.tables import staff, staff_sessions

IDLE_SECONDS = 8 * 3600.0
LONGEST_SECONDS = 24 * 3600.0
# A request within this time after another one is not worth a write.
_NOTED_SECONDS = 60.0


@dataclass(frozen=True)
class NewSession:
    """A session that begins: what goes into the cookie, and into every form."""

    token: str
    csrf: str


@dataclass(frozen=True)
class Session:
    """A session that lasts. Times are UTC seconds.

    Attributes:
        token_hash: SHA-256 of the cookie, the session's name in the database.
        person: Who is signed in.
        csrf: What every form of theirs has to carry.
        created_at: When they signed in.
    """

    token_hash: str
    person: Person
    csrf: str
    created_at: float


def open_session(person_id: int, now: float) -> NewSession:
    """Begin a session of a person; those of anybody that have ended are removed."""
    new = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    with writing() as connection:
        _remove_ended(connection, now)
        connection.execute(
            insert(staff_sessions).values(
                token_hash=_hash(new.token), staff=person_id, csrf=new.csrf,
                created_at=now, seen_at=now,
            )
        )  # fmt: skip
    return new


def find(token: str, now: float) -> Session | None:
    """Return the session of a token, None when it has ended; it counts as used now."""
    return renewed(_hash(token), now)


def renewed(token_hash: str, now: float) -> Session | None:
    """Return the session of that name, None when it has ended; it counts as used now."""
    query = (
        select([*COLUMNS, *_SESSION])
        .select_from(staff_sessions.join(staff, staff.c.id == staff_sessions.c.staff))
        .where(staff_sessions.c.token_hash == token_hash, staff.c.active)
    )
    with reading() as connection:
        row = connection.execute(query).first()
    if row is None or _has_ended(row.session_created_at, row.session_seen_at, now):
        return None
    if now - row.session_seen_at > _NOTED_SECONDS:
        _use(token_hash, now)
    return Session(token_hash, from_row(row), row.csrf, row.session_created_at)


def is_alive(token_hash: str, now: float) -> bool:
    """Tell whether a session lasts, without using it: for pages that only stay open."""
    query = (
        select([staff_sessions.c.created_at, staff_sessions.c.seen_at])
        .select_from(staff_sessions.join(staff, staff.c.id == staff_sessions.c.staff))
        .where(staff_sessions.c.token_hash == token_hash, staff.c.active)
    )
    with reading() as connection:
        row = connection.execute(query).first()
    return row is not None and not _has_ended(row.created_at, row.seen_at, now)


def end(token: str) -> None:
    """End the session of a token."""
    mine = staff_sessions.c.token_hash == _hash(token)
    with writing() as connection:
        connection.execute(delete(staff_sessions).where(mine))


def end_all(person_id: int) -> None:
    """Sign a person out everywhere."""
    with writing() as connection:
        connection.execute(delete(staff_sessions).where(staff_sessions.c.staff == person_id))


_SESSION = (
    staff_sessions.c.csrf,
    staff_sessions.c.created_at.label("session_created_at"),
    staff_sessions.c.seen_at.label("session_seen_at"),
)


def _has_ended(created_at: float, seen_at: float, now: float) -> bool:
    return now - seen_at > IDLE_SECONDS or now - created_at > LONGEST_SECONDS


def _use(token_hash: str, now: float) -> None:
    mine = staff_sessions.c.token_hash == token_hash
    with writing() as connection:
        connection.execute(update(staff_sessions).where(mine).values(seen_at=now))


def _remove_ended(connection: Connection, now: float) -> None:
    idle = staff_sessions.c.seen_at < now - IDLE_SECONDS
    old = staff_sessions.c.created_at < now - LONGEST_SECONDS
    connection.execute(delete(staff_sessions).where(or_(idle, old)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
