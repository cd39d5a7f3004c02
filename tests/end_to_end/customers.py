"""A customer, whatever channel they write in: says something, reads, presses a button."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Protocol

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.phone import Phone, said
from tests.end_to_end.processes import eventually
from tests.end_to_end.shown import Reply, payloads, texts

CHANNELS = ("rest", "wechat")
_NUMBERED = re.compile(r"^(\d)[.、．]?\s*(.+)$", re.MULTILINE)


class Customer(Protocol):
    """One customer of one channel."""

    openid: str

    def tells(self, text: str, words: str) -> str:
        """Say something and return the answer, which has these words in it."""
        ...

    def presses(self, title: str, words: str) -> str:
        """Press a button of the last answer and return the answer to that."""
        ...

    def enters(self, words: str) -> str:
        """Open the chat and return the welcome."""
        ...

    def hears(self, words: str) -> str:
        """Return what comes by itself, which has these words in it."""
        ...

    def is_not_answered(self, text: str) -> None:
        """Say something that the bot is silent to."""
        ...

    def answers_to(self, text: str) -> list[str]:
        """Say something and return every answer to it, each as one text."""
        ...


def customer_of(channel: str, kefu: Installation, openid: str | None = None) -> Customer:
    """Return a customer of a channel, by default one who was never there."""
    openid = openid or a_customer()
    return RestCustomer(kefu, openid) if channel == "rest" else WechatCustomer(kefu, openid)


class RestCustomer:
    """Writes by way of the backend of an app."""

    def __init__(self, kefu: Installation, openid: str) -> None:
        self.openid = openid
        self._kefu = kefu
        self._shown: list[str] = []

    def tells(self, text: str, words: str) -> str:
        return self._read(self._kefu.say(self.openid, text), words)

    def presses(self, title: str, words: str) -> str:
        assert title in self._shown, self._shown
        return self.tells(title, words)

    def enters(self, words: str) -> str:
        return self._read(self._kefu.enter(self.openid), words)

    def hears(self, words: str) -> str:
        heard: list[Reply] = []

        def found() -> bool:
            heard.extend(self._kefu.waiting(self.openid, wait=1))
            return words in texts(heard)

        eventually(found, 20, words)
        return self._read(heard, words)

    def is_not_answered(self, text: str) -> None:
        replies = self._kefu.say(self.openid, text)
        assert [reply.get("custom") for reply in replies] == [{"type": "held"}], replies
        assert texts(replies) == ""

    def answers_to(self, text: str) -> list[str]:
        return [texts([reply]) for reply in self._kefu.say(self.openid, text)]

    def _read(self, replies: list[Reply], words: str) -> str:
        assert words in texts(replies), replies
        self._shown = payloads(replies) or self._shown
        return texts(replies)


class WechatCustomer:
    """Writes in a mini-program on a phone."""

    def __init__(self, kefu: Installation, openid: str) -> None:
        self.openid = openid
        self.phone = Phone(kefu, openid)
        self._kefu = kefu
        self._numbers: dict[str, str] = {}

    def tells(self, text: str, words: str) -> str:
        self.phone.say(text)
        return self.hears(words)

    def presses(self, title: str, words: str) -> str:
        assert title in self._numbers, self._numbers
        return self.tells(self._numbers[title], words)

    def enters(self, words: str) -> str:
        self.phone.event("user_enter_tempsession")
        return self.hears(words)

    def hears(self, words: str) -> str:
        heard = said(self.phone.hears(words))
        shown = {name.strip(): number for number, name in _NUMBERED.findall(heard)}
        self._numbers = shown or self._numbers
        return heard

    def is_not_answered(self, text: str) -> None:
        held, spoken = _held_turns(self._kefu), _words_of_the_bot(self._kefu)
        self.phone.say(text)
        eventually(lambda: _held_turns(self._kefu) > held, 20, "the message is held")
        assert _words_of_the_bot(self._kefu) == spoken

    def answers_to(self, text: str) -> list[str]:
        self.phone.say(text)
        answers = self._new()
        # Whatever else there is comes before the answer to the next message.
        self.phone.say("谢谢")
        while not answers or "不客气" not in answers[-1]:
            answers += self._new()
        return answers[:-1]

    def _new(self) -> list[str]:
        found = eventually(lambda: self.phone.new(wait=1), 20, "an answer")
        return [said(entry) for entry in found]


def _held_turns(kefu: Installation) -> int:
    return _count(kefu, "SELECT count(*) FROM turns WHERE outcome = 'held'")


def _words_of_the_bot(kefu: Installation) -> int:
    return _count(kefu, "SELECT count(*) FROM messages WHERE author = 'bot'")


def _count(kefu: Installation, query: str) -> int:
    with closing(sqlite3.connect(kefu.var / "kefu.db")) as database:
        return int(database.execute(query).fetchone()[0])
