"""Which page of the mini-program a customer came from, as the page's button or card says it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from kefu.order_numbers import OrderNumberFinder

LONGEST = 1024  # what WeChat allows in session-from
_LONGEST_ORDER_NO = 64
# Folders of a mini-program by the page that they hold; a path may have several of them, as
# `my/orders/detail`, and the one named first here decides.
_FOLDERS = {
    "order": ("order", "orders", "订单"),
    "product": ("product", "products", "goods", "item", "detail", "sku", "商品"),
    "member": ("member", "user", "my", "mine", "personal", "profile", "center", "会员", "我的"),
}
_ORDER_NAMES = frozenset({"orderno", "orderid", "order", "ordersn", "ordernumber", "no", "sn"})
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WHOLE = re.compile(r"[\w-]+")
_WORDS = re.compile(r"[^\W_]+")
_SHOWN = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class EntryPage:
    """A page: its key in settings.yml and the order it shows; "" and None where unknown."""

    page: str = ""
    order_no: str | None = None


def entry_page(given: str, known: Iterable[str]) -> EntryPage:
    """Return the page that a button's session-from, a card's path or a scene names.

    Understood are a page's key alone (`order`), a query (`page=order&order_no=…`), a
    path (`pages/order/detail?order_no=…`), JSON of the same names, and `order|2026…`,
    each also with everything in it percent-encoded.

    Args:
        given: What WeChat passes on; a page of the merchant's wrote it.
        known: The page keys of settings.yml.
    """
    given = given.strip()[:LONGEST]
    if not set("=/{") & set(given):
        given = unquote(given)
    named = dict(_named(given))
    keys = {page.lower(): page for page in known}
    # A parameter of the path may be called order_no on any page.
    places = [named["page"]] if "page" in named else [given.partition("?")[0], given]
    pages = (_page(place, keys) for place in places)
    return EntryPage(next(filter(None, pages), ""), _order_no(given, named))


def _named(given: str) -> Iterator[tuple[str, str]]:
    if given.startswith("{"):
        try:
            data = json.loads(given)
        except (ValueError, RecursionError):
            return
        pairs = list(data.items()) if isinstance(data, dict) else []
    else:
        pairs = parse_qsl(given.partition("?")[2] or given)
    for name, value in pairs:
        if isinstance(value, (str, int)):
            yield str(name).lower().replace("_", "").replace("-", ""), str(value)


def _page(place: str, known: Mapping[str, str]) -> str:
    whole = [word.lower() for word in _WHOLE.findall(place)]
    words = [word.lower() for word in _WORDS.findall(_HUMP.sub(" ", place))]
    for word in (*whole, *words):
        if word in known:
            return known[word]
    for page, folders in _FOLDERS.items():
        if page in known and any(word in folders for word in words):
            return known[page]
    return ""


def _order_no(given: str, named: dict[str, str]) -> str | None:
    for name, value in named.items():
        if name in _ORDER_NAMES and _SHOWN.fullmatch(value) and any(c.isdigit() for c in value):
            return value[:_LONGEST_ORDER_NO]
    found = OrderNumberFinder().find(given)
    return found[0].value if found else None
