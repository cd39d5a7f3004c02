"""Where the calls go and how answers are read unless settings.yml says otherwise.

They fit the demo shop. A merchant's settings are laid over them name by name, so
only what differs has to be written down; an empty text takes a name out. A body is
given whole, as its names are the shop's.
"""

from __future__ import annotations

from collections.abc import Mapping

from kefu.shop.records import AfterSalesKind, Labelled, OrderState, ParcelState, RefundState

Table = Mapping[str, Mapping[str, str]]

# Call -> names that its path and body may use.
CALLS = {
    "recent_orders": {"customer", "limit"},
    "find_order": {"customer", "number"},
    "find_by_tracking": {"customer", "number"},
    "request_after_sales": {"customer", "order_no", "kind", "reason", "request_id"},
    "member": {"customer"},
}

PATHS = {
    "recent_orders": "GET /api/customers/{customer}/orders?limit={limit}",
    "find_order": "GET /api/customers/{customer}/orders/{number}",
    "find_by_tracking": "",
    "request_after_sales": "POST /api/customers/{customer}/after-sales",
    "member": "GET /api/customers/{customer}/member",
}

BODIES: Table = {
    "request_after_sales": {
        "order_no": "{order_no}",
        "kind": "{kind}",
        "reason": "{reason}",
        "request_id": "{request_id}",
    },
}

# "answer" says how an answer is judged and where in it the records are:
# code/ok/absent: path of the shop's own result code, the codes that mean success, and
# those that mean "no such record" (separated by blanks); message: path of the reason.
FIELDS: Table = {
    "answer": {
        "code": "",
        "ok": "",
        "absent": "",
        "message": "message",
        "recent_orders": "orders",
        "find_order": ".",
        "find_by_tracking": ".",
        "request_after_sales": ".",
        "member": ".",
    },
    "order": {
        "order_no": "order_no",
        "customer": "openid",
        "state": "state",
        "created_at": "created_at",
        "paid_at": "paid_at",
        "amount": "amount",
        "items": "items",
        "parcels": "parcels",
        "refund": "refund",
    },
    "item": {"title": "title", "quantity": "quantity", "price": "price"},
    "parcel": {
        "tracking_no": "tracking_no",
        "courier": "courier",
        "state": "state",
        "traces": "traces",
    },
    "trace": {"at": "at", "text": "text"},
    "refund": {
        "refund_no": "refund_no",
        "kind": "kind",
        "state": "state",
        "amount": "amount",
        "reason": "reason",
        "applied_at": "applied_at",
        "updated_at": "updated_at",
    },
    "receipt": {"service_no": "refund_no", "state": "state"},
    "member": {
        "customer": "openid",
        "level": "level",
        "points": "points",
        "points_expiring": "points_expiring",
        "expires_on": "expires_on",
        "growth": "growth",
        "next_level": "next_level",
        "next_level_growth": "next_level_growth",
    },
}

# The shop's word -> ours; "*" stands for every word not named.
WORDS: Mapping[str, Mapping[str, Labelled]] = {
    "order": {state.value: state for state in OrderState},
    "parcel": {state.value: state for state in ParcelState},
    "refund": {state.value: state for state in RefundState},
    "kind": {kind.value: kind for kind in AfterSalesKind},
}
STATES: Table = {group: {word: word for word in words} for group, words in WORDS.items()}


def laid_over(defaults: Table, given: Table) -> dict[str, dict[str, str]]:
    """Return the defaults with what the settings give laid over them, name by name."""
    groups = [*defaults, *(group for group in given if group not in defaults)]
    return {group: {**defaults.get(group, {}), **given.get(group, {})} for group in groups}
