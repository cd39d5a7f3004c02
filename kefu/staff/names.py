"""What customers and colleagues read of somebody whom the tables name by login."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading
from kefu.storage.tables import staff

# Before the name of a person who is not one of ours but of an outside helpdesk.
OUTSIDE = "外部:"


def name_of(login: str) -> str:
    """Return the nickname; the login itself when nobody has it."""
    with reading() as connection:
        return name_in(connection, login)


def name_in(connection: Connection, login: str) -> str:
    """Do what `name_of` does in a transaction of the caller's."""
    query = select(staff.c.nickname).where(staff.c.login == login)
    nickname: str | None = connection.execute(query).scalar()
    return nickname or login.removeprefix(OUTSIDE)
