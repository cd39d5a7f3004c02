"""The customers of each account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from kefu.wechat_double.chats import Chat
from kefu.wechat_double.clock import Clock
from kefu.wechat_double.quota import Quota

TYPING_LASTS = 15.0


@dataclass
class Customer:
    """One customer of one account; the same person has another openid at another account.

    Attributes:
        appid: The account.
        openid: The customer's id at that account.
        chat: What stands in the chat.
        known: Whether the customer ever wrote, entered or followed.
        unsubscribed: Whether the customer took following back; who writes follows.
        last_at: When the customer last did something, 0 for never.
        visited_at: When the customer was last in the mini-program, 0 for never.
        typing_until: When the "typing" line goes out.
        quota: What the account may still send.
    """

    appid: str
    openid: str
    chat: Chat
    known: bool = False
    unsubscribed: bool = False
    last_at: float = 0.0
    visited_at: float = 0.0
    typing_until: float = 0.0
    quota: Quota = field(default_factory=Quota)


class Customers:
    """All customers, by account and openid."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._customers: dict[tuple[str, str], Customer] = {}

    def __iter__(self) -> Iterator[Customer]:
        return iter([customer for customer in self._customers.values() if customer.known])

    def get(self, appid: str, openid: str) -> Customer:
        """Return a customer, who need not have done anything yet."""
        key = (appid, openid)
        if key not in self._customers:
            chat = Chat(self._clock.real, self._numbers)
            self._customers[key] = Customer(appid, openid, chat)
        return self._customers[key]

    def known(self, appid: str, openid: object) -> Customer | None:
        """Return a customer the account has had to do with, None for everyone else."""
        customer = self._customers.get((appid, openid)) if isinstance(openid, str) else None
        return customer if customer is not None and customer.known else None

    def wake(self) -> None:
        """Let everyone look who waits at a chat: the clock was moved."""
        for customer in self._customers.values():
            customer.chat.wake()
