"""Since when the model in service knows of what was done."""

from __future__ import annotations

import math

import pytest

from kefu.loop.acts import Act
from kefu.loop.effects import handled, published_at
from kefu.publishing.entries import EntryDifference
from kefu.publishing.history import Kind, Publication

INVOICE = "payment/invoice"
ADDED = Act("a1", "add", "li", 100.0, INVOICE, keys=("能开票不",))


def published(at: float, model: str, label: str = INVOICE, kind: Kind = "publish") -> Publication:
    changes = (EntryDifference(label, "怎么开发票", "changed", ("similar",)),)
    return Publication(at, "li", kind, model, changes=() if kind == "rollback" else changes)


@pytest.mark.parametrize(
    ("publications", "since"),
    [
        ([], None),
        ([published(50, "a")], None),
        ([published(150, "a", "order/cancel")], None),
        ([published(50, "a"), published(150, "b")], 150),
        ([published(150, "b"), published(250, "c", "order/cancel")], 150),
        ([published(50, "a"), published(150, "b"), published(200, "a", kind="rollback")], None),
        (
            [
                published(50, "a"), published(150, "b"),
                published(200, "a", kind="rollback"), published(250, "b", kind="rollback"),
            ],
            150,
        ),
        ([published(150, "b", kind="forced")], 150),
    ],
)  # fmt: skip
def test_act_is_in_service_with_a_model_that_was_made_of_it(
    publications: list[Publication], since: float | None
) -> None:
    assert published_at(ADDED, publications) == since


def test_what_is_done_rests_until_it_is_in_service() -> None:
    assert handled([ADDED], []) == {"能开票不": math.inf}
    assert handled([ADDED], [published(150, "b")]) == {"能开票不": 150}
    assert handled([Act("a2", "dismiss", "li", 1.0, keys=("x",))], []) == {}
