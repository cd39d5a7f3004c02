"""Which pages are told what."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from kefu.console.news import Happened, Held, NewLine, News
from kefu.console.streams import Stream, Streams, encoded
from kefu.console.viewing import View
from kefu.storage.windows_view import WindowView

# What happens to a handoff and takes it out of a list of one's own, or puts it there.
_ENDS = frozenset(("done", "idle", "cancelled", "rated", "transferred"))


def tell_lines(streams: Streams, news: News) -> list[View]:
    """Show lines to those who have the customer, or have them on the screen; return to whom."""
    views: list[View] = []
    by_conversation: dict[str, list[Held]] = defaultdict(list)
    for held in news.held:
        by_conversation[held.conversation].append(held)
    for new in news.lines:
        for held in by_conversation[new.conversation]:
            event = _line_event(new, held.id)
            for stream in streams:
                if stream.is_for(held, new.line.at):
                    stream.put(event)
                    views.append(View(stream.person, held.id, held.conversation, stream.address))
    return views


def tell_happened(streams: Streams, happened: Iterable[Happened]) -> None:
    """Tell those whom it concerns what happened to a handoff."""
    for one in happened:
        told = {"handoff": one.handoff, "kind": one.kind, "state": one.state, "by": one.actor}
        event = encoded("handoff", told)
        for stream in streams:
            if stream.has_on_screen(one.handoff) or stream.person.login in one.logins:
                stream.put(event)


def tell_typing(streams: Streams, held: Iterable[Held]) -> None:
    """Tell those who have the customers that they are typing."""
    for one in held:
        event = encoded("typing", {"handoff": one.id})
        for stream in audience(streams, one):
            stream.put(event)


def tell_windows(streams: Streams, windows: Iterable[tuple[Held, WindowView | None]]) -> None:
    """Tell pages how much the channel still takes for the customer that they show."""
    for held, window in windows:
        told = {"handoff": held.id, "window": window_data(window)}
        event = encoded("window", told)
        for stream in streams:
            if stream.shows(held):
                stream.put(event)


def want_lists(streams: Streams, news: News) -> bool:
    """Note which lists of which pages are out of date; tell whether any is."""
    mine = {held.agent for held in news.held if held.state == "agent"}
    over: set[str] = set()
    for happened in news.happened:
        mine |= happened.logins
        if happened.kind in _ENDS:
            over |= happened.logins
    for stream in streams:
        if news.happened:
            stream.wants |= {"waiting", "left"}
        if stream.person.is_operator and news.happened:
            stream.wants.add("all")
        # Nothing happens to a handoff where nobody is there for it: it only rings.
        if stream.person.is_operator and news.touched:
            stream.wants.add("reports")
        if stream.person.login in mine:
            stream.wants.add("mine")
        if stream.person.login in over:
            stream.wants.add("over")
    return any(stream.wants for stream in streams)


def want_over(streams: Streams, logins: Collection[str]) -> bool:
    """Note whose list of what is over is out of date; tell whether anybody's is."""
    concerned = [stream for stream in streams if stream.person.login in logins]
    for stream in concerned:
        stream.wants.add("over")
    return bool(concerned)


def audience(streams: Streams, held: Held) -> list[Stream]:
    """Return the pages that are told what is said to or by the customer now."""
    now = time.time()
    return [stream for stream in streams if stream.is_for(held, now)]


def window_data(window: WindowView | None) -> dict[str, Any] | None:
    """Return how much a channel still takes, for a page; None where there is no limit."""
    if window is None:
        return None
    return {"left": window.sends_left, "until": window.open_until, "open": window.takes_more}


def _line_event(new: NewLine, number: int) -> bytes:
    line = new.line
    told = {"handoff": number, "key": line.key, "html": new.html}
    if line.kind == "message":
        told |= {"message": line.message, "author": line.author}
    if new.again:
        return encoded("notes", told)
    return encoded("message" if line.kind == "message" else "line", told, line.message)
