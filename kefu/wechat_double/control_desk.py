"""The control API's part for WeChat's own desk: what its agents do."""

from __future__ import annotations

from typing import Any

from kefu.wechat_double.control_request import Asked
from kefu.wechat_double.desk import Session
from kefu.wechat_double.refusals import ApiRefused, ControlRefused


async def shown(asked: Asked) -> dict[str, Any]:
    """Return queue, sessions and agents."""
    platform = asked.platform
    agents = {a.appid: platform.desk.agents(a) for a in platform.accounts}
    return {**platform.desk.shown(), "agents": agents}


async def accept(asked: Asked) -> dict[str, Any]:
    """Take a customer out of the queue."""
    session = _session(asked, "queue")
    agent = _agent(asked, session.kf_account)
    try:
        asked.platform.desk.accept(session, agent)
    except ApiRefused:
        raise ControlRefused(f"这位顾客指定由 {session.kf_account} 接待") from None
    return {"kf_account": agent}


async def say(asked: Asked) -> dict[str, Any]:
    """Write to a customer as the agent."""
    session = _session(asked, "agent")
    content = asked.text("content")
    asked.platform.desk.touch(session, content)
    customer = asked.customer()
    entry = customer.chat.add("agent", "text", {"content": content})
    return {"seq": entry.seq}


async def close(asked: Asked) -> dict[str, Any]:
    """End a session; a customer who queues gives up."""
    asked.platform.desk.close(_session(asked, "any"))
    return {}


async def switch(asked: Asked) -> dict[str, Any]:
    """Hand a customer on to another agent."""
    session = _session(asked, "agent")
    agent = _agent(asked, "")
    asked.platform.desk.switch(session, agent)
    return {"kf_account": agent}


def _session(asked: Asked, state: str) -> Session:
    customer = asked.customer()
    session = asked.platform.desk.find(customer.appid, customer.openid)
    if session is None or state not in ("any", session.state):
        raise ControlRefused("顾客不在排队" if state == "queue" else "没有客服在接待这位顾客")
    return session


def _agent(asked: Asked, default: str) -> str:
    account = asked.account(asked.text("appid"))
    names = [str(agent["kf_account"]) for agent in asked.platform.desk.agents(account)]
    chosen = asked.text("kf_account", default) or names[0]
    if chosen not in names:
        raise ControlRefused(f"没有名为 {chosen} 的客服")
    return chosen
