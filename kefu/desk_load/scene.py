"""One measurement: so many agents with so many customers each, who write at an even rate."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import aiohttp

from kefu.channels.wechat.accounts import Account
from kefu.desk_load.agents import AgentScreen
from kefu.desk_load.customers import Customers
from kefu.desk_load.staffing import hold, sign_in

_SEED = 13
_OPENED_WITHIN = 30.0
_ANSWERED_WITHIN = 60.0
_WARM_RATE = 25.0


@dataclass(frozen=True)
class Scene:
    """How many people, and how often customers write.

    Attributes:
        name: Part of the logins and openids, so that scenes share nothing.
        agents: How many agents, each with an open page.
        customers: How many customers each of them has.
        rate: Messages of customers a second, all together.
        seconds: For how long.
    """

    name: str
    agents: int
    customers: int
    rate: float
    seconds: float


@dataclass(frozen=True)
class Observed:
    """What was measured: seconds of each message, of those that arrived.

    Attributes:
        to_screen: From the push of a customer's message to the agent's screen.
        to_customer: From the agent's Enter to the send that WeChat gets.
        both: The sum of the two.
        messages: How many customers wrote.
        failed: Requests of agents that the console refused.
    """

    to_screen: list[float]
    to_customer: list[float]
    both: list[float]
    messages: int
    failed: int

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


async def play(scene: Scene, console: str, double: str, account: Account) -> Observed:
    """Play a scene on a running set of processes."""
    seen: dict[int, float] = {}
    answered: dict[int, float] = {}
    logins = [f"{scene.name}_{number}" for number in range(scene.agents)]
    people = await asyncio.to_thread(sign_in, logins)
    held = await asyncio.to_thread(_held, scene, logins, account)
    screens = [
        AgentScreen(console, person, shown, seen.__setitem__, answered.__setitem__)
        for person, shown in zip(people, (next(iter(of.values())) for of in held), strict=True)
    ]
    openids = [openid for of in held for openid in of]
    async with aiohttp.ClientSession(trust_env=False) as http, _watched(screens):
        customers = Customers(http, double, account.appid)
        # Everybody once, so that WeChat knows them; this also warms everything up.
        await _answered(customers, await customers.write(openids, _WARM_RATE))
        chosen = random.Random(_SEED).choices(openids, k=round(scene.rate * scene.seconds))
        numbers = await customers.write(chosen, scene.rate)
        sends = await _answered(customers, numbers)
        pushes = await customers.pushed_at()
    failed = sum(screen.failed for screen in screens)
    return _observed(numbers, pushes, seen, answered, sends, failed)


def _held(scene: Scene, logins: list[str], account: Account) -> list[dict[str, int]]:
    """Return the customers of each agent, with the numbers of their handoffs."""
    return [
        hold(login, account, [f"o_{login}_{number}" for number in range(scene.customers)])
        for login in logins
    ]


@asynccontextmanager
async def _watched(screens: list[AgentScreen]) -> AsyncIterator[None]:
    watching = [asyncio.ensure_future(screen.watch()) for screen in screens]
    opened = [asyncio.ensure_future(screen.is_open.wait()) for screen in screens]
    try:
        await asyncio.wait_for(asyncio.gather(*opened), _OPENED_WITHIN)
        yield
    finally:
        for task in (*opened, *watching):
            task.cancel()
        await asyncio.gather(*opened, *watching, return_exceptions=True)


async def _answered(customers: Customers, numbers: list[int]) -> dict[int, float]:
    """Wait until all messages are answered, or no more answer is to be expected."""
    deadline = time.monotonic() + _ANSWERED_WITHIN
    while True:
        sends = await customers.answered_at()
        if all(number in sends for number in numbers) or time.monotonic() > deadline:
            return sends
        await asyncio.sleep(1)


def _observed(
    numbers: list[int],
    pushes: dict[int, float],
    seen: dict[int, float],
    answered: dict[int, float],
    sends: dict[int, float],
    failed: int,
) -> Observed:
    whole = [n for n in numbers if n in pushes and n in seen and n in answered and n in sends]
    to_screen = [seen[n] - pushes[n] for n in whole]
    to_customer = [sends[n] - answered[n] for n in whole]
    both = [there + back for there, back in zip(to_screen, to_customer, strict=True)]
    return Observed(to_screen, to_customer, both, len(numbers), failed)
