"""WeChat's own customer service tool: who queues, and who talks to an agent.

none → queue (messages are still pushed) → agent (messages are not pushed) → none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.clock import Clock
from kefu.wechat_double.refusals import ApiRefused
from kefu.wechat_double.switches import Switches

IDLE = 1800.0  # seconds without a message after which a session ends
_AGENTS = ("kf2001", "kf2002")

# Called with the session, the event's name and its fields.
Told = Callable[["Session", str, dict[str, str]], None]


@dataclass
class Session:
    """One customer at the desk.

    Attributes:
        appid, openid: Whose customer it is.
        state: Queueing, or with an agent.
        kf_account: The agent; while queueing the one asked for, empty for any.
        since: When the state began.
        last_at: When one of the two last wrote.
        last: What was written last.
    """

    appid: str
    openid: str
    state: Literal["queue", "agent"]
    kf_account: str
    since: float
    last_at: float
    last: str = ""


class Desk:
    """All sessions. Agents' names are the same for every account but for their ending."""

    def __init__(self, clock: Clock, switches: Switches, tell: Told) -> None:
        self._clock = clock
        self._switches = switches
        self._tell = tell
        self._sessions: dict[tuple[str, str], Session] = {}

    def agents(self, account: DoubleAccount) -> list[dict[str, Any]]:
        """Return the account's agents as getonlinekflist lists them."""
        names = [f"{agent}@{account.original_id}" for agent in _AGENTS]
        return [
            {
                "kf_account": name,
                "kf_nick": f"客服{index}",
                "kf_id": str(2000 + index),
                "status": int(self._switches.agents_online),
                "accepted_case": sum(s.kf_account == name for s in self.sessions(account.appid)),
            }
            for index, name in enumerate(names, 1)
        ]

    def sessions(self, appid: str | None = None, state: str = "agent") -> list[Session]:
        """Return the sessions in one state, of one account or of all, oldest first."""
        self.sweep()
        return [
            session
            for session in self._sessions.values()
            if session.state == state and appid in (None, session.appid)
        ]

    def find(self, appid: str, openid: str) -> Session | None:
        """Return the customer's session, None when there is none."""
        self.sweep()
        return self._sessions.get((appid, openid))

    def takes(self, appid: str, openid: str, text: str) -> bool:
        """Give a message to the agent who serves the customer; False when nobody does."""
        session = self.find(appid, openid)
        if session is None or session.state != "agent":
            return False
        self.touch(session, text)
        return True

    def transfer(self, appid: str, openid: str, kf_account: str, text: str) -> None:
        """Let a customer queue; one who queues already keeps the place."""
        now = self._clock.now()
        session = self._sessions.setdefault(
            (appid, openid), Session(appid, openid, "queue", kf_account, now, now)
        )
        if session.state == "queue":
            session.kf_account = kf_account or session.kf_account
        self.touch(session, text)

    def accept(self, session: Session, kf_account: str) -> None:
        """Let an agent take a customer out of the queue. Raises ApiRefused."""
        if session.state == "agent" or session.kf_account not in ("", kf_account):
            raise ApiRefused(65414)
        session.state, session.kf_account = "agent", kf_account
        session.since = session.last_at = self._clock.now()
        self._tell(session, "kf_create_session", {"KfAccount": kf_account})

    def create(self, account: DoubleAccount, openid: str, kf_account: str) -> None:
        """Open a session with an agent, as the API does. Raises ApiRefused."""
        agents = {agent["kf_account"]: agent["status"] for agent in self.agents(account)}
        if kf_account not in agents:
            raise ApiRefused(65401)
        if not agents[kf_account]:
            raise ApiRefused(65415)
        now = self._clock.now()
        session = self.find(account.appid, openid) or Session(
            account.appid, openid, "queue", "", now, now
        )
        self.accept(session, kf_account)
        self._sessions[account.appid, openid] = session

    def switch(self, session: Session, kf_account: str) -> None:
        """Hand a customer on to another agent."""
        former, session.kf_account = session.kf_account, kf_account
        fields = {"FromKfAccount": former, "ToKfAccount": kf_account}
        self._tell(session, "kf_switch_session", fields)

    def close(self, session: Session) -> None:
        """End a session, or take a customer out of the queue."""
        self._sessions.pop((session.appid, session.openid), None)
        if session.state == "agent":
            kind = self._switches.close_type
            fields = {"KfAccount": session.kf_account}
            self._tell(session, "kf_close_session", fields | ({"CloseType": kind} if kind else {}))

    def touch(self, session: Session, text: str) -> None:
        """Note that one of the two wrote."""
        session.last_at, session.last = self._clock.now(), text

    def sweep(self) -> None:
        """End the sessions in which nobody wrote for half an hour."""
        now = self._clock.now()
        idle = [s for s in self._sessions.values() if now - s.last_at >= IDLE]
        for session in idle:
            if session.state == "agent":
                self.close(session)

    def shown(self) -> dict[str, Any]:
        """Return queue and sessions for the control API."""
        return {
            "queue": [asdict(session) for session in self.sessions(state="queue")],
            "sessions": [asdict(session) for session in self.sessions()],
        }
