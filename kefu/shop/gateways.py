"""The two interfaces to a shop, and which adapter the settings choose."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from kefu.environment import environment
from kefu.errors import KefuError
from kefu.settings import Gateway, settings
from kefu.shop.errors import ShopAnswerInvalid, ShopError, ShopRefused, ShopUnavailable
from kefu.shop.http import HttpMembers, HttpOrders
from kefu.shop.records import AfterSales, Member, Order
from kefu.shop.sql import SqlMembers, SqlOrders

__all__ = [
    "MemberGateway",
    "OrderGateway",
    "ShopAnswerInvalid",
    "ShopError",
    "ShopRefused",
    "ShopUnavailable",
    "member_gateway",
    "order_gateway",
]


class OrderGateway(Protocol):
    """Orders, logistics and after-sales of the merchant.

    `customer` is the openid that the channel verified, never a text of the customer's.
    Every method raises ShopUnavailable or ShopAnswerInvalid.
    """

    def recent_orders(self, customer: str, limit: int = 5) -> list[Order]:
        """Return the customer's latest orders, the newest first."""
        ...

    def find_order(self, customer: str, number: str) -> Order | None:
        """Return the order with this order or tracking number, if it is the customer's.

        Somebody else's number gives None, exactly like one that does not exist.
        """
        ...

    def request_after_sales(
        self, customer: str, order_no: str, kind: str, reason: str, request_id: str
    ) -> AfterSales:
        """Apply for after-sales service and return the receipt.

        Args:
            customer: openid.
            order_no: Order of this customer.
            kind: "refund", "return" or "exchange".
            reason: In the customer's words.
            request_id: The same id again gives the same receipt and no second request.

        Raises:
            ShopRefused: The shop declines; the text is its reason, fit for the customer.
            ValueError: There is no such kind.
        """
        ...


class MemberGateway(Protocol):
    """Levels and points of the merchant's customers."""

    def member(self, customer: str) -> Member | None:
        """Return level and points, None for somebody the shop does not know.

        Raises ShopUnavailable or ShopAnswerInvalid.
        """
        ...


@lru_cache(maxsize=1)
def order_gateway() -> OrderGateway:
    """Return this process's order gateway. Raises KefuError when the settings do not fit."""
    chosen, zone = settings().shop.orders, settings().assistant.zone
    adapter = SqlOrders if chosen.adapter == "sql" else HttpOrders
    return adapter(chosen, _url(chosen), zone)


@lru_cache(maxsize=1)
def member_gateway() -> MemberGateway:
    """Return this process's member gateway. Raises KefuError when the settings do not fit."""
    chosen, zone = settings().shop.members, settings().assistant.zone
    adapter = SqlMembers if chosen.adapter == "sql" else HttpMembers
    return adapter(chosen, _url(chosen), zone)


def _url(chosen: Gateway) -> str:
    url = chosen.url or environment().shop_url
    if chosen.adapter == "http" and not url.startswith(("http://", "https://")):
        raise KefuError(
            "商家系统的地址应以 https:// 或 http:// 开头，"
            "请检查 settings.yml 的 shop 或 KEFU_SHOP_URL"
        )
    return url
