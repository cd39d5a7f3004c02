"""Beside the conversation: orders, parcels, refunds and membership of the customer."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import suggestions
from kefu.console.guard import address_of, person_of, signed_in
from kefu.console.opened import opened
from kefu.console.pages import render
from kefu.console.rights import may_open
from kefu.errors import KefuError
from kefu.handoff import earlier, views
from kefu.handoff.earlier import Served
from kefu.handoff.records import Handoff
from kefu.settings import settings
from kefu.shop import texts
from kefu.shop.gateways import member_gateway, order_gateway
from kefu.shop.records import Member, Order
from kefu.staff import access
from kefu.staff.names import name_of
from kefu.staff.person import Person
from kefu.storage.conversations import Visit, visit_of

logger = logging.getLogger(__name__)

ORDERS = 5
# Who has served a customer may look something up for so long; what the customer buys a year
# later is no longer theirs to know.
AFTER_END_SECONDS = 24 * 3600.0
# A shop that is slow must not keep the threads that everybody else's requests need.
_askers = ThreadPoolExecutor(8, "shop")
PAGES = {"product": "商品页", "order": "订单页", "member": "会员页"}


@dataclass(frozen=True)
class Past:
    """One earlier handoff as the panel shows it; `url` is empty where it is not theirs to open."""

    at: float
    reason: str
    agent: str
    satisfied: bool | None
    url: str


@dataclass(frozen=True)
class FromShop:
    """What the shop's systems say of a customer; None for what could not be asked."""

    orders: list[Order] | None
    member: Member | None
    member_known: bool


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/desk/{number:int}/panel", _panel), *suggestions.routes()]


@signed_in
async def _panel(request: Request) -> Response:
    handoff = await opened(request)
    person = person_of(request)
    visit, past = await asyncio.to_thread(_looked_up, person, handoff, address_of(request))
    over = _is_over(person, handoff, time.time())
    shop = await _asked(visit.customer) if visit and not over else None
    return render(
        request,
        "_panel.html",
        number=handoff.id,
        over=over,
        visit=visit,
        page=_page_name(visit),
        past=past,
        shop=shop,
        membership=texts.membership,
        points=texts.points,
        short_title=texts.short_title,
        yuan=texts.yuan,
        when=_when,
    )


def _is_over(person: Person, handoff: Handoff, now: float) -> bool:
    """Tell whether the customer is long gone, and their orders nobody's business here."""
    if person.is_operator or handoff.closed_at is None:
        return False
    return now > handoff.closed_at + AFTER_END_SECONDS


def _looked_up(person: Person, handoff: Handoff, address: str) -> tuple[Visit | None, list[Past]]:
    """Return what our own database knows, after noting that somebody looks."""
    access.note(
        person.login,
        "view_panel",
        staff=person.id,
        conversation=handoff.conversation,
        address=address,
        now=time.time(),
    )
    past = [_past(person, served) for served in earlier.before(handoff)]
    return visit_of(handoff.conversation), past


def _past(person: Person, served: Served) -> Past:
    handoff = served.handoff
    return Past(
        at=handoff.requested_at,
        reason=views.REASONS.get(handoff.reason, handoff.reason),
        agent=name_of(handoff.agent) if handoff.agent else "",
        satisfied=served.satisfied,
        url=f"/desk/{handoff.id}" if may_open(person, handoff) else "",
    )


async def _asked(customer: str) -> FromShop:
    """Ask both systems at once; one that fails leaves the other as it is."""
    loop = asyncio.get_running_loop()
    orders, (member, member_known) = await asyncio.gather(
        loop.run_in_executor(_askers, _orders, customer),
        loop.run_in_executor(_askers, _member, customer),
    )
    return FromShop(orders, member, member_known)


def _orders(customer: str) -> list[Order] | None:
    try:
        return order_gateway().recent_orders(customer, ORDERS)
    except KefuError as error:
        # The text may hold what the shop answered, and so a customer's data.
        logger.warning("orders cannot be shown: %s", type(error).__name__)
        return None


def _member(customer: str) -> tuple[Member | None, bool]:
    try:
        return member_gateway().member(customer), True
    except KefuError as error:
        logger.warning("membership cannot be shown: %s", type(error).__name__)
        return None, False


def _page_name(visit: Visit | None) -> str:
    if visit is None or not visit.page:
        return ""
    return PAGES.get(visit.page, visit.page)


def _when(at: datetime) -> str:
    return texts.moment(at, settings().assistant.zone)
