"""How one Rasa process takes the customers over from another without losing one.

The listening socket itself is passed on, with all who wait at it, so that nobody is
refused. The one that gives it stops taking messages in at that moment and says in which
conversations it still works:

    heir                         incumbent
    take                    ->
                            <-   the socket, and what is left (JSON)
    ready                   ->
                            <-   go      or no: it took too long, and is not wanted any more
                            <-   end of file: all turns have ended, or the incumbent is dead
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu.environment import environment
from kefu.errors import KefuError

# From taking the socket to serving from it; customers wait that long.
READY_SECONDS = 15.0
_ASK_SECONDS = 30.0
_LARGEST_LEGACY = 64 * 1024 * 1024
# A socket's path must fit into 108 bytes.
_LONGEST_PATH = 100

Legacy = dict[str, Any]


class BatonLost(KefuError):
    """Raised when the other process did not keep to the exchange."""


@dataclass
class Taken:
    """What was taken over; the incumbent waits for `ready`.

    Attributes:
        listening: The socket that customers come to.
        legacy: What the incumbent left.
    """

    listening: socket.socket
    legacy: Legacy
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ready(self) -> None:
        """Ask whether to serve. Raises BatonLost when the incumbent goes on itself."""
        try:
            self.writer.write(b"ready\n")
            answer = await self.reader.readline()
        except ConnectionError:
            return  # it has died, and customers need somebody
        if answer == b"no\n":
            raise BatonLost("接手太慢，原来的进程继续应答")

    async def all_ended(self) -> None:
        """Return when the incumbent has ended what it had begun, or is dead."""
        try:
            await self.reader.read()
        except ConnectionError:
            pass
        self.writer.close()


async def take() -> Taken | None:
    """Take over from the process that answers now, None where none does.

    Raises:
        BatonLost: It does not answer, or is handing over to another.
    """
    asked = await asyncio.to_thread(_ask)
    if asked is None:
        return None
    door, listening = asked
    reader, writer = await asyncio.open_unix_connection(sock=door, limit=_LARGEST_LEGACY)
    legacy = json.loads(await reader.readline() or "{}")
    if not legacy:
        raise BatonLost("原来的进程没有说完就断开了")
    return Taken(listening, legacy, reader, writer)


class Incumbent:
    """Hands the listening socket over to the first that asks for it."""

    def __init__(
        self,
        listening: socket.socket,
        leave: Callable[[], Legacy],
        go_on: Callable[[], Awaitable[None]],
        is_busy: Callable[[], bool],
    ) -> None:
        """Take what is handed over, and what has to be done for it.

        Args:
            listening: The socket that customers come to.
            leave: Stops taking anything in, at once, and returns what is left.
            go_on: Takes everything in again: nobody took over.
            is_busy: Tells whether something that was begun before is still to end.
        """
        self._listening = listening
        self._leave = leave
        self._go_on = go_on
        self._is_busy = is_busy
        self._giving = False
        self.given = asyncio.Event()

    async def open(self) -> None:
        """Let others ask; whoever was asked before is not any more."""
        self._giving = False
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _Address() as address:
            Path(address.made).unlink(missing_ok=True)
            door.bind(address.made)
            door.setblocking(False)
            self._server = await asyncio.start_unix_server(self._asked, sock=door)
            # Only now, so that nobody finds a door that is not answered.
            Path(address.made).replace(address.usual)

    async def close(self) -> None:
        """Hear nobody any more."""
        self._server.close()

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline() == b"take\n" and not self._giving:
            self._giving = True
            await self._give(reader, writer)
        writer.close()

    async def _give(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        legacy = self._leave()
        if not await self._is_ready(legacy, reader, writer):
            writer.write(b"no\n")
            self._server.close()
            await self._go_on()
            await self.open()
            return
        writer.write(b"go\n")
        self._listening.close()
        self._server.close()
        self.given.set()
        while self._is_busy():
            await asyncio.sleep(0.02)

    async def _is_ready(
        self, legacy: Legacy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        try:
            _send_socket(writer, self._listening)
            writer.write(json.dumps(legacy).encode() + b"\n")
            return await asyncio.wait_for(reader.readline(), READY_SECONDS) == b"ready\n"
        except (OSError, asyncio.TimeoutError):
            return False


class _Address:
    """Where the incumbent is asked, however long the path of the data directory is."""

    def __enter__(self) -> _Address:
        folder = environment().var / "run"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        if len(os.fsencode(folder)) > _LONGEST_PATH - 20:
            folder = Path("/proc/self/fd", str(self._descriptor))
        self.usual = str(folder / "baton.sock")
        self.made = str(folder / f"baton-{os.getpid()}")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _ask() -> tuple[socket.socket, socket.socket] | None:
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.settimeout(_ASK_SECONDS)
    try:
        with _Address() as address:
            door.connect(address.usual)
    except OSError:
        door.close()
        return None
    try:
        door.sendall(b"take\n")
        _, descriptors, _, _ = socket.recv_fds(door, 1, 1)
    except OSError as error:
        door.close()
        raise BatonLost(f"原来的进程没有应答（{error}）") from None
    if not descriptors:
        door.close()
        raise BatonLost("原来的进程正在交给另一个进程")
    door.setblocking(False)
    return door, socket.socket(fileno=descriptors[0])


def _send_socket(writer: asyncio.StreamWriter, passed: socket.socket) -> None:
    number = writer.get_extra_info("socket").fileno()
    with socket.socket(fileno=os.dup(number)) as door:
        socket.send_fds(door, [b"s"], [passed.fileno()])
