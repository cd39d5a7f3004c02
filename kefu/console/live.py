"""Tells the pages that are open what is new, in the moment that it is recorded.

Other processes ring for a conversation (kefu.rings); as rings may be lost, and other
machines cannot ring here, the hub also looks by itself once a second.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from kefu import rings
from kefu.bell import Listener
from kefu.console import list_board, telling
from kefu.console.news import Held
from kefu.console.newsroom import Newsroom
from kefu.console.streams import Stream, Streams, encoded
from kefu.console.viewing import Views
from kefu.staff import people, sessions
from kefu.storage.windows_view import WindowView, window_of

logger = logging.getLogger(__name__)

TYPING = "typing:"  # what rings for a customer who types begin with
LOOK_SECONDS = 1.0
# What is rung for meanwhile is looked at together.
TOGETHER_SECONDS = 0.03
# Between two updates of the lists, and of what became of messages.
LISTS_SECONDS = 0.5
CHANGES_SECONDS = 0.2
# Lists are looked at this often without a reason too.
LISTS_ANYWAY_SECONDS = 10.0
# Between two looks whether sessions last; between two notes that somebody is here.
ALIVE_SECONDS = 3.0
PRESENT_SECONDS = 15.0

Result = TypeVar("Result")
Act = Callable[[], Awaitable[None]]


class Hub:
    """Everybody's open pages, and what keeps them current."""

    def __init__(self) -> None:
        """Begin without pages."""
        self._streams = Streams()
        self._newsroom = Newsroom()
        self._views = Views()
        self._listener: Listener | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._threads: ThreadPoolExecutor | None = None
        self._lists_wanted: asyncio.Event | None = None
        self._present_at: dict[int, float] = {}
        self._touched: set[str] = set()
        self._missed = False
        self._closing = False

    async def open(self) -> None:
        """Begin to listen."""
        self._threads = ThreadPoolExecutor(2, "desk")
        self._lists_wanted = asyncio.Event()
        await self._run(self._newsroom.begin)
        listener = self._listener = Listener(rings.DESK)
        await listener.open()
        acts: tuple[Act, ...] = (
            lambda: self._tell_news(listener),
            self._tell_changes,
            self._tell_lists,
            self._look_at_sessions,
        )
        self._tasks = [asyncio.create_task(self._keep(act)) for act in acts]

    async def close(self) -> None:
        """End all streams and stop listening."""
        self._closing = True
        for stream in self._streams:
            stream.end()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._listener is not None:
            self._listener.close()
        if self._threads is not None:
            self._threads.shutdown(wait=True)

    async def join(self, stream: Stream, with_lists: bool = True) -> Stream:
        """Begin to tell a page; the first event asks it to read what it may have missed."""
        person = stream.person
        stream.put(encoded("hello", {"person": person.login}))
        self._streams.add(stream)
        if with_lists:
            stream.wants |= list_board.names_for(person)
            self._wake_lists()
        await self._note_present({person.id}, time.time())
        return stream

    def leave(self, stream: Stream) -> None:
        """Stop telling a page."""
        self._streams.remove(stream)

    async def _tell_news(self, listener: Listener) -> None:
        heard = set(await listener.wait(LOOK_SECONDS))
        await asyncio.sleep(TOGETHER_SECONDS)
        if not self._streams:
            # A page that comes reads all anew.
            await self._run(self._newsroom.begin)
            self._begin_anew()  # one may have come meanwhile
            return
        typing = {ring.removeprefix(TYPING) for ring in heard if ring.startswith(TYPING)}
        rung = {ring for ring in heard if ring and not ring.startswith(TYPING)}
        interest = self._streams.interest()
        try:
            news = await self._run(lambda: self._newsroom.look(rung, interest))
        except (SQLAlchemyError, OSError):
            self._missed = True
            raise
        if self._missed:
            self._begin_anew()
        self._views.told(telling.tell_lines(self._streams, news))
        telling.tell_happened(self._streams, news.happened)
        if telling.want_lists(self._streams, news):
            self._wake_lists()
        self._touched |= news.touched
        if typing:
            held = await self._run(lambda: self._newsroom.held(typing, interest))
            telling.tell_typing(self._streams, held)

    def _begin_anew(self) -> None:
        """Let all pages read what a look that failed may have found."""
        self._missed = False
        for stream in self._streams:
            stream.put(encoded("hello", {"person": stream.person.login}))
            stream.wants |= list_board.names_for(stream.person)

    async def _tell_changes(self) -> None:
        """Tell what became of messages; the messages themselves must not wait for it."""
        await asyncio.sleep(CHANGES_SECONDS)
        touched, self._touched = self._touched, set()
        interest = self._streams.interest()
        changes = await self._run(lambda: self._newsroom.changes(touched, interest))
        self._views.told(telling.tell_lines(self._streams, changes))
        await self._run(self._views.write)
        streams = self._streams
        if telling.want_over(self._streams, changes.unsent):
            self._wake_lists()
        shown = [held for held in changes.held if any(stream.shows(held) for stream in streams)]
        if shown:
            telling.tell_windows(streams, await self._run(lambda: _windows(shown)))

    async def _tell_lists(self) -> None:
        wanted = self._lists_wanted
        assert wanted is not None
        try:
            await asyncio.wait_for(wanted.wait(), LISTS_ANYWAY_SECONDS)
        except asyncio.TimeoutError:
            for stream in self._streams:
                stream.wants |= list_board.names_for(stream.person) - {"over"}
        wanted.clear()
        # By person: one may have several pages open.
        pages = {stream: frozenset(stream.wants) for stream in self._streams if stream.wants}
        for stream in pages:
            stream.wants.clear()
        if pages:
            board = await self._run(lambda: _board(pages))
            for stream, names in pages.items():
                _send_lists(stream, names, board)
        await asyncio.sleep(LISTS_SECONDS)

    async def _look_at_sessions(self) -> None:
        await asyncio.sleep(ALIVE_SECONDS)
        now = time.time()
        names = {stream.session for stream in self._streams}
        ended = await self._run(lambda: {n for n in names if not sessions.is_alive(n, now)})
        for stream in self._streams:
            if stream.session in ended:
                stream.end(encoded("signed_out", {}))
                self.leave(stream)
        await self._note_present({stream.person.id for stream in self._streams}, now)

    async def _note_present(self, persons: set[int], now: float) -> None:
        due = {
            number
            for number in persons
            if now - self._present_at.get(number, 0.0) >= PRESENT_SECONDS
        }
        self._present_at.update(dict.fromkeys(due, now))
        if due:
            await self._run(lambda: _note_seen(due, now))

    async def _keep(self, act: Act) -> None:
        """Do something again and again; what goes wrong with the database passes."""
        # asyncio.wait_for may lose a cancellation, so that it alone would not end this.
        while not self._closing:
            try:
                await act()
            except (SQLAlchemyError, OSError):
                logger.exception("open pages could not be told what is new")
                await asyncio.sleep(LOOK_SECONDS)

    def _wake_lists(self) -> None:
        if self._lists_wanted is not None:
            self._lists_wanted.set()

    async def _run(self, work: Callable[[], Result]) -> Result:
        """Do work that waits for the database, apart from that of requests."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _note_seen(persons: set[int], now: float) -> None:
    for number in persons:
        people.seen(number, now)


def _windows(shown: list[Held]) -> list[tuple[Held, WindowView | None]]:
    now = time.time()
    return [(held, window_of(held.conversation, now)) for held in shown]


def _board(pages: dict[Stream, frozenset[str]]) -> list_board.Board:
    wanted = frozenset().union(*pages.values())

    def logins(name: str) -> set[str]:
        return {stream.person.login for stream, names in pages.items() if name in names}

    # The list of everything is large: pages that show it ask for it.
    shared = wanted - {"mine", "over", "all"}
    return list_board.board(shared, logins("mine"), logins("over"))


def _send_lists(stream: Stream, names: frozenset[str], board: list_board.Board) -> None:
    for name in sorted(names):
        text = board.text(name, stream.person.login)
        if name == "all":
            stream.put(encoded("list", {"name": name}))
        elif text is not None and stream.lists.get(name) != text:
            stream.lists[name] = text
            stream.put(encoded("list", {"name": name, "html": text}))
