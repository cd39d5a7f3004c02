"""What one process at a time may do: it holds a lease, and renews it while it lives."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, or_, select, text, update
from sqlalchemy.engine import Connection

from kefu.storage.engine import reading, writing
from kefu.storage.tables import leases

_HELD = select(leases.c.owner, leases.c.held_until).where(leases.c.name == bindparam("lease"))
# Nobody else can take it before the transaction has ended.
_HELD_FAST = _HELD.with_for_update(read=True)
_MAKE = text(
    "INSERT INTO leases (name, owner, held_until) VALUES (:name, :owner, :held_until)"
    " ON CONFLICT (name) DO NOTHING"
)


class Lease:
    """A role that one process has. Times are UTC seconds."""

    def __init__(self, name: str, seconds: float = 6.0) -> None:
        """Take the role's name, and for how long it is held without being renewed."""
        self.name = name
        self.owner = f"{_machine()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._seconds = seconds

    def hold(self, now: float) -> bool:
        """Take or renew the lease; return whether this process has it.

        One whose process died on this machine is free at once.
        """
        free = [leases.c.owner == self.owner, leases.c.held_until <= now]
        held = self._held()
        if held is not None and _is_dead(held.owner):
            free.append(leases.c.owner == held.owner)
        elif held is not None and held.owner != self.owner and held.held_until > now:
            return False
        taken = {"owner": self.owner, "held_until": now + self._seconds}
        mine = (leases.c.name == self.name) & or_(*free)
        with writing() as connection:
            connection.execute(_MAKE, {"name": self.name, **taken})
            return bool(connection.execute(update(leases).where(mine).values(**taken)).rowcount)

    def is_held(self, connection: Connection) -> bool:
        """Tell whether this process still has the lease, in a transaction of the caller's.

        Until that has ended no other process can take the lease.
        """
        held = connection.execute(_HELD_FAST, {"lease": self.name}).first()
        return held is not None and bool(held.owner == self.owner)

    def give_up(self) -> None:
        """Let another process take it at once."""
        mine = (leases.c.name == self.name) & (leases.c.owner == self.owner)
        with writing() as connection:
            connection.execute(update(leases).where(mine).values(owner="", held_until=0.0))

    def _held(self) -> Any:
        with reading() as connection:
            return connection.execute(_HELD, {"lease": self.name}).first()


@lru_cache(maxsize=1)
def _machine() -> str:
    """Return what processes that can see each other have in common."""
    namespace = Path("/proc/self/ns/pid")
    # Containers may share a host's name and still number their processes apart.
    numbered = namespace.stat().st_ino if namespace.exists() else 0
    name = socket.gethostname()
    digest = hashlib.sha256(f"{name}\x1f{numbered}".encode()).hexdigest()[:16]
    return f"{name[:24].replace(':', '.')}.{digest}"


def _is_dead(owner: str) -> bool:
    machine, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if machine != _machine() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, under another user
    return False
