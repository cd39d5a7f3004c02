"""Waking another process of this machine, so that it need not wait for its next look.

A ring may be lost: whoever listens also looks from time to time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from kefu.environment import environment

# A socket's path must fit into 108 bytes.
_LONGEST_PATH = 100


class Bell:
    """Rings for every process that listens under a name."""

    def __init__(self, name: str) -> None:
        """Take the name: what the listeners do."""
        self._name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, for_what: str = "") -> None:
        """Wake the listeners, and tell them for what; those that are gone are forgotten."""
        for path in _folder().glob(f"{self._name}-*.sock"):
            try:
                self._socket.sendto(for_what.encode(), str(path))
            except ConnectionRefusedError:
                _remove(path)
            except OSError:
                continue  # gone, someone else's, or it has rings enough waiting

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


class Listener:
    """Hears the bells of a name until it is closed."""

    def __init__(self, name: str) -> None:
        """Take the name that bells are rung under."""
        self._path = _folder() / f"{name}-{os.getpid()}-{secrets.token_hex(2)}.sock"
        self._rung = asyncio.Event()
        self._heard: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(str(self._path))
        listening.setblocking(False)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Rung(self._hear), sock=listening
        )

    async def wait(self, seconds: float) -> list[str]:
        """Wait for a ring, at most so many seconds; return for what it rang since the last time."""
        try:
            await asyncio.wait_for(self._rung.wait(), seconds)
        except asyncio.TimeoutError:
            return []
        self._rung.clear()
        heard, self._heard = self._heard, []
        return heard

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()
        self._path.unlink(missing_ok=True)

    def _hear(self, for_what: str) -> None:
        self._heard.append(for_what)
        self._rung.set()


class _Rung(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._hear(data.decode("utf-8", "replace"))


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass  # another process was faster, or it is not ours to remove


def _folder() -> Path:
    folder = environment().var / "run" / "bells"
    if len(os.fsencode(folder)) + 30 > _LONGEST_PATH:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"kefu-{digest}"
    return folder
