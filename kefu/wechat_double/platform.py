"""Everything the double knows, in one place."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

from kefu.wechat_double import messages
from kefu.wechat_double.accounts import Accounts, DoubleAccount
from kefu.wechat_double.clock import Clock
from kefu.wechat_double.customers import Customer, Customers
from kefu.wechat_double.desk import Desk, Session
from kefu.wechat_double.faults import Faults
from kefu.wechat_double.limits import Limits
from kefu.wechat_double.media import MediaStore
from kefu.wechat_double.pushes import Push
from kefu.wechat_double.pushing import Pusher
from kefu.wechat_double.record import Record
from kefu.wechat_double.switches import Switches
from kefu.wechat_double.tokens import Tokens

# WeChat's message ids are of this size; counting on from the time keeps them new after a restart.
_FIRST_MESSAGE = 22_300_000_000_000_000
_SWEEP = 5.0  # seconds between looks for idle sessions


class Platform:
    """The state of WeChat: accounts, customers, tokens, media, the desk.

    Attributes:
        accounts: Whom it plays WeChat for; the control API may change them.
        clock, switches, faults, limits: What tests may change.
        tokens, customers, media, desk: What WeChat keeps.
        record: What happened.
        pusher: Sends pushes.
    """

    def __init__(self, accounts: Sequence[DoubleAccount], real: Callable[[], float]) -> None:
        self.accounts = Accounts(accounts)
        self.clock = Clock(real)
        self.switches = Switches()
        self.faults = Faults(self.switches)
        self.limits = Limits(self.clock, self.switches)
        self.tokens = Tokens(self.clock)
        self.customers = Customers(self.clock)
        self.media = MediaStore(self.clock)
        self.record = Record()
        self.desk = Desk(self.clock, self.switches, self._tell_desk_event)
        self.pusher = Pusher(
            self.accounts, self.switches, self.faults, self.clock, self.record, self.desk
        )
        self._last_message = 0

    def message_id(self) -> int:
        """Return a MsgId that was never used."""
        made = _FIRST_MESSAGE + int(self.clock.real() * 1e6)
        self._last_message = max(self._last_message + 1, made)
        return self._last_message

    def request_id(self) -> str:
        """Return a request id as error messages and trace_ids carry it."""
        return f"{int(self.clock.real()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"

    def envelope_fields(self, customer: Customer, message_type: str) -> dict[str, str | int]:
        """Return the fields that every push has."""
        return {
            "ToUserName": self.accounts[customer.appid].original_id,
            "FromUserName": customer.openid,
            "CreateTime": int(self.clock.real()),
            "MsgType": message_type,
        }

    def push_event(
        self, customer: Customer, fields: dict[str, object], *, shown: bool, notifies: bool
    ) -> Push:
        """Push an event; `shown` puts it into the chat."""
        entry = None
        if shown:
            payload = {name: value for name, value in fields.items() if name != "Event"}
            entry = customer.chat.add("event", str(fields["Event"]), payload, delivery="pending")
        everything = {**self.envelope_fields(customer, "event"), **fields}
        push = Push(customer, everything, entry, is_message=False, notifies=notifies)
        self.pusher.put(push)
        return push

    async def keep_sweeping(self) -> None:
        """End idle sessions until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP)
            self.desk.sweep()

    def _tell_desk_event(self, session: Session, event: str, fields: dict[str, str]) -> None:
        customer = self.customers.get(session.appid, session.openid)
        account = self.accounts[session.appid]
        if account.is_miniprogram:
            # Mini-programs are not told; their customers see it all the same.
            customer.chat.add("event", event, dict(fields))
            return
        named = {**messages.event_fields(account, session.openid, event), **fields}
        self.push_event(customer, named, shown=True, notifies=False)
