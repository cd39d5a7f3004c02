"""What one change does beyond its entry: phrasings that move, buttons that go, categories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kefu.knowledge import checks, editing, history
from kefu.knowledge.carrying_out import Saved
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError, EntryRefused, UndoRefused
from kefu.knowledge.editing import Draft, open_entry, save
from kefu.knowledge.model import FOLDER
from kefu.knowledge.others import Taken
from kefu.knowledge.undoing import history_of, recent_changes, undo
from tests.knowledge.small_base import (
    ENDINGS,
    PAYMENT,
    changed,
    in_git,
    says,
    small_base,
    text_of,
)

INVOICE, METHODS, CANCEL = "payment/invoice", "payment/methods", "order/cancel"
NEW = Content("怎么预约", "点首页的预约。", tuple(f"想预约{ending}" for ending in ENDINGS))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with small_base(tmp_path, monkeypatch) as made:
        yield made


def with_phrasing(draft: Draft, text: str, *taken: Taken) -> Draft:
    similar = (*draft.entry.similar, text)
    return replace(changed(draft, similar=similar), taken=taken)


def undone(home: Path, saved: Saved) -> Saved:
    assert saved.change is not None
    return undo(home, saved.change, "lan", 2.0)


def test_a_phrasing_moves_from_another_entry_and_back(home: Path) -> None:
    text = says(home, METHODS).similar[3]
    draft = with_phrasing(open_entry(home, INVOICE), text, Taken(METHODS, text))
    saved = save(home, draft, "mei", 1.0)
    assert saved.also == (METHODS,)
    assert text in says(home, INVOICE).similar
    assert text not in says(home, METHODS).similar
    undone(home, saved)
    assert text_of(home, "payment") == PAYMENT


def test_without_moving_it_the_phrasing_stays_where_it_is(home: Path) -> None:
    text = says(home, METHODS).similar[3]
    with pytest.raises(EntryRefused, match="同一问法只能属于一个条目"):
        save(home, with_phrasing(open_entry(home, INVOICE), text), "mei", 1.0)


def test_a_standard_question_is_not_moved(home: Path) -> None:
    text = says(home, METHODS).question
    draft = with_phrasing(open_entry(home, INVOICE), text, Taken(METHODS, text))
    with pytest.raises(EntryRefused, match="同一问法只能属于一个条目"):
        save(home, draft, "mei", 1.0)
    assert text_of(home, "payment") == PAYMENT


def test_what_moves_is_taken_from_the_entry_as_it_is_by_now(home: Path) -> None:
    text = says(home, METHODS).similar[3]
    draft = with_phrasing(open_entry(home, INVOICE), text, Taken(METHODS, text))
    in_git(home, "payment", "支持微信支付和银行卡。", "还支持花呗。")
    save(home, draft, "mei", 1.0)
    assert says(home, METHODS).answer == "还支持花呗。"
    assert text not in says(home, METHODS).similar


def test_an_entry_is_changed_and_moved_at_once(home: Path) -> None:
    draft = replace(changed(open_entry(home, INVOICE), question="如何开发票"), category="order")
    saved = save(home, draft, "mei", 1.0)
    assert (saved.label, saved.also) == ("order/invoice", (CANCEL,))
    assert says(home, "order/invoice").question == "如何开发票"
    assert says(home, CANCEL).buttons == ("如何开发票",)
    assert [c.kind for c in history_of(home, "order/invoice")] == ["move"]
    undone(home, saved)
    assert text_of(home, "payment") == PAYMENT


def test_the_history_of_an_entry_goes_back_before_it_was_moved(home: Path) -> None:
    save(home, changed(open_entry(home, INVOICE), answer="第二版。"), "mei", 1.0)
    moved = replace(changed(open_entry(home, INVOICE), question="如何开发票"), category="order")
    save(home, moved, "mei", 2.0)
    assert [c.kind for c in history_of(home, "order/invoice")] == ["move", "edit"]
    # Its button followed the question: that entry was not moved.
    assert [c.kind for c in history_of(home, CANCEL)] == ["move"]


def test_a_removed_entry_takes_the_buttons_along_that_ask_for_it(home: Path) -> None:
    draft = open_entry(home, INVOICE)
    saved = editing.remove(home, draft, "mei", 1.0, with_buttons=True)
    assert saved.also == (CANCEL,)
    assert says(home, CANCEL).buttons == ()
    assert checks.check(home) == []
    undone(home, saved)
    assert says(home, CANCEL).buttons == ("怎么开发票",)
    assert text_of(home, "payment") == PAYMENT


def test_a_category_begins_with_an_entry_and_goes_when_that_is_undone(home: Path) -> None:
    saved = editing.add(home, "booking/book", NEW, "mei", 1.0, title="预约")
    assert text_of(home, "booking").startswith("category: booking\ntitle: 预约\n")
    assert checks.check(home) == []
    undone(home, saved)
    assert not (home / FOLDER / "booking.yml").exists()


def test_a_category_goes_with_its_last_entry_and_comes_back(home: Path) -> None:
    before = text_of(home, "order")
    saved = editing.remove(home, open_entry(home, CANCEL), "mei", 1.0, with_category=True)
    assert not (home / FOLDER / "order.yml").exists()
    undone(home, saved)
    assert says(home, CANCEL).question == "怎么取消订单"
    assert text_of(home, "order") == before


def test_the_very_last_entry_stays(home: Path) -> None:
    (home / FOLDER / "payment.yml").unlink()
    in_git(home, "order", "    buttons: [怎么开发票]\n", "")
    with pytest.raises(EditError, match="只剩这一个条目"):
        editing.remove(home, open_entry(home, CANCEL), "mei", 1.0, with_category=True)


def test_a_category_is_renamed_and_only_its_title_is_written(home: Path) -> None:
    saved = editing.rename(home, "payment", "付款", "mei", 1.0)
    assert text_of(home, "payment") == PAYMENT.replace("title: 支付", "title: 付款")
    (change,) = recent_changes(home)
    assert (change.kind, change.titles) == (
        "title",
        (history.TitleChange("payment", "支付", "付款"),),
    )
    undone(home, saved)
    assert text_of(home, "payment") == PAYMENT


def test_a_title_changed_since_is_not_taken_back(home: Path) -> None:
    saved = editing.rename(home, "payment", "付款", "mei", 1.0)
    in_git(home, "payment", "title: 付款", "title: 付钱")
    with pytest.raises(UndoRefused, match="付钱"):
        undone(home, saved)


@pytest.mark.parametrize(("category", "title"), [("payment", "订单"), ("gone", "别的")])
def test_a_category_needs_a_title_of_its_own_and_must_be_there(
    home: Path, category: str, title: str
) -> None:
    with pytest.raises(EditError):
        editing.rename(home, category, title, "mei", 1.0)


def test_the_same_title_again_is_no_change(home: Path) -> None:
    assert editing.rename(home, "payment", "支付", "mei", 1.0).change is None
    assert recent_changes(home) == []
