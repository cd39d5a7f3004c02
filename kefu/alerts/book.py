"""The alerts that are open, in the database: they outlive whoever watches."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, select

from kefu.alerts.course import Alert
from kefu.storage.engine import reading, writing
from kefu.storage.tables import alerts
from kefu.storage.upsert import insert_or_update

_LONGEST = 300


def open_alerts() -> list[Alert]:
    """Return them, the oldest first."""
    with reading() as connection:
        rows = connection.execute(select(alerts).order_by(alerts.c.begun_at, alerts.c.name))
        return [Alert(**row._mapping) for row in rows]


def keep(alert: Alert) -> None:
    """Write one, in the place of what was known of it."""
    row = asdict(alert) | {"text": alert.text[:_LONGEST]}
    with writing() as connection:
        insert_or_update(connection, alerts, on=("name",), **row)


def forget(name: str) -> None:
    """Delete one."""
    with writing() as connection:
        connection.execute(delete(alerts).where(alerts.c.name == name))
