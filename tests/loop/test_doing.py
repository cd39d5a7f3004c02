"""What one click does happens as a whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.knowledge.edit_errors import EntryGone, EntryRefused
from kefu.loop import acts, doing
from tests.console.loop_scene import shop
from tests.knowledge.small_base import says

__all__ = ["shop"]
INVOICE, CANCEL = "payment/invoice", "order/cancel"


def add(home: Path, *texts: str, label: str = INVOICE, taken: tuple[str, ...] = ()) -> acts.Act:
    return doing.add_phrasings(home, label, texts, "li", 100.0, taken=taken)


def test_phrasing_that_was_taken_goes_back_where_the_rest_is_refused(shop: Path) -> None:
    before = says(shop, CANCEL)
    with pytest.raises(EntryRefused, match="同一问法只能属于一个条目"):
        add(shop, "怎么取消订单甲问", "支持哪些支付方式甲问", taken=("怎么取消订单甲问",))
    assert says(shop, CANCEL) == before
    assert acts.acts() == ()


def test_what_an_entry_has_already_is_not_added_twice(shop: Path) -> None:
    add(shop, "能开票不")
    with pytest.raises(doing.NothingNew):
        add(shop, "能开票不？")
    assert says(shop, INVOICE).similar.count("能开票不") == 1
    assert len(acts.acts()) == 1


def test_two_acts_are_taken_back_in_any_order(shop: Path) -> None:
    before = says(shop, INVOICE)
    first, second = add(shop, "能开票不"), add(shop, "票怎么拿")
    doing.undo(shop, first.id, "zhao", 200.0)
    doing.undo(shop, second.id, "zhao", 201.0)
    assert says(shop, INVOICE) == before
    assert [act.undone_by for act in acts.acts()] == ["zhao", "zhao"]
    with pytest.raises(doing.ActGone, match="已经撤销过了"):
        doing.undo(shop, first.id, "li", 202.0)
    with pytest.raises(doing.ActGone, match="没有这次操作"):
        doing.undo(shop, "ffffffff", "li", 202.0)


def test_entry_that_is_gone_takes_nothing(shop: Path) -> None:
    with pytest.raises(EntryGone):
        add(shop, "能开票不", label="payment/gone")
    assert acts.acts() == ()
