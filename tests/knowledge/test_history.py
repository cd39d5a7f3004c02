"""The history of the knowledge base, and taking changes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kefu import cli
from kefu.environment import environment
from kefu.knowledge import checks, editing, history
from kefu.knowledge.edit_errors import EditError, EntryGone, EntryRefused, UndoRefused
from kefu.knowledge.editing import open_entry, save
from kefu.knowledge.model import FOLDER
from kefu.knowledge.undoing import history_of, recent_changes, undo
from tests.knowledge.small_base import PAYMENT, changed, in_git, says, small_base, text_of

INVOICE, METHODS, CANCEL = "payment/invoice", "payment/methods", "order/cancel"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with small_base(tmp_path, monkeypatch) as made:
        yield made


def answered(home: Path, text: str, by: str = "mei", now: float = 1.0) -> str:
    change = save(home, changed(open_entry(home, INVOICE), answer=text), by, now).change
    assert change is not None
    return change


def test_the_history_says_who_changed_what_and_when(home: Path) -> None:
    answered(home, "第二版。", "mei", 10.0)
    answered(home, "第三版。", "lan", 20.0)
    save(home, changed(open_entry(home, METHODS), page="pages/pay"), "mei", 30.0)
    found = history_of(home, INVOICE)
    assert [(c.author, c.at, c.kind) for c in found] == [
        ("lan", 20.0, "edit"),
        ("mei", 10.0, "edit"),
    ]
    (entry,) = found[0].entries
    assert entry.fields == ("answer",)
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before.answer, entry.after.answer) == ("第二版。", "第三版。")
    assert [c.entries[0].label for c in recent_changes(home, 2)] == [METHODS, INVOICE]


def test_an_undone_change_leaves_the_file_as_it_was(home: Path) -> None:
    undo(home, answered(home, "第二版。"), "lan", 2.0)
    assert text_of(home, "payment") == PAYMENT
    newest, first = history_of(home, INVOICE)
    assert (newest.kind, newest.author, newest.undoes) == ("undo", "lan", first.id)
    assert first.undone_by == newest.id


def test_an_undo_can_be_undone_but_a_change_not_twice(home: Path) -> None:
    change = answered(home, "第二版。")
    back = undo(home, change, "lan", 2.0).change
    assert back is not None
    with pytest.raises(UndoRefused, match="已经撤销过"):
        undo(home, change, "lan", 3.0)
    undo(home, back, "mei", 4.0)
    assert says(home, INVOICE).answer == "第二版。"


def test_undo_keeps_what_others_changed_elsewhere(home: Path) -> None:
    change = answered(home, "第二版。")
    save(home, changed(open_entry(home, INVOICE), page="pages/invoice"), "lan", 2.0)
    in_git(home, "payment", "[报销]", "[报销, 专票]")
    undo(home, change, "mei", 3.0)
    content = says(home, INVOICE)
    assert content.answer == "在订单详情里申请发票。"
    assert (content.page, content.keywords) == ("pages/invoice", ("报销", "专票"))


def test_undo_is_refused_where_the_same_field_was_changed_since(home: Path) -> None:
    change = answered(home, "第二版。")
    answered(home, "第三版。")
    with pytest.raises(UndoRefused, match="答案之后又改过"):
        undo(home, change, "mei", 3.0)
    assert says(home, INVOICE).answer == "第三版。"


def test_undo_is_refused_where_git_changed_the_same_field(home: Path) -> None:
    change = answered(home, "第二版。")
    in_git(home, "payment", "第二版。", "从文件里改的。")
    with pytest.raises(UndoRefused):
        undo(home, change, "mei", 3.0)


def test_an_added_phrasing_is_taken_back_without_those_added_since(home: Path) -> None:
    similar = says(home, INVOICE).similar
    first = save(
        home, changed(open_entry(home, INVOICE), similar=(*similar, "开张票")), "mei", 1.0
    ).change
    later = (*similar, "开张票", "票呢")
    save(home, changed(open_entry(home, INVOICE), similar=later), "lan", 2.0)
    assert first is not None
    undo(home, first, "mei", 3.0)
    assert says(home, INVOICE).similar == (*similar, "票呢")


def test_a_removed_entry_comes_back_where_it_stood(home: Path) -> None:
    save(home, changed(open_entry(home, CANCEL), buttons=()), "mei", 1.0)
    content = says(home, INVOICE)
    change = editing.remove(home, open_entry(home, INVOICE), "mei", 1.0).change
    assert change is not None
    undo(home, change, "mei", 2.0)
    assert says(home, INVOICE) == content
    text = text_of(home, "payment")
    assert text.index("id: invoice") < text.index("id: methods")


def test_an_added_entry_goes_unless_somebody_worked_on_it(home: Path) -> None:
    content = says(home, METHODS)
    editing.remove(home, open_entry(home, METHODS), "mei", 1.0)
    change = editing.add(home, "order/methods", content, "mei", 2.0).change
    assert change is not None
    save(home, changed(open_entry(home, "order/methods"), page="pages/a"), "lan", 3.0)
    with pytest.raises(UndoRefused, match="之后又有改动"):
        undo(home, change, "mei", 4.0)


def test_a_move_is_taken_back_and_the_history_follows_it(home: Path) -> None:
    save(home, changed(open_entry(home, METHODS), page="pages/pay"), "mei", 1.0)
    change = editing.move(home, open_entry(home, METHODS), "order", "mei", 2.0).change
    assert [c.kind for c in history_of(home, "order/methods")] == ["move", "edit"]
    assert change is not None
    assert undo(home, change, "mei", 3.0).label == METHODS
    assert says(home, METHODS).page == "pages/pay"
    with pytest.raises(EntryGone):
        open_entry(home, "order/methods")


def test_undo_puts_buttons_back_too(home: Path) -> None:
    saved = save(home, changed(open_entry(home, INVOICE), question="如何开发票"), "mei", 1.0)
    assert saved.change is not None
    undo(home, saved.change, "mei", 2.0)
    assert says(home, CANCEL).buttons == ("怎么开发票",)
    assert checks.check(home) == []


def test_undo_is_refused_when_a_phrasing_belongs_to_another_entry_now(home: Path) -> None:
    similar = says(home, INVOICE).similar
    fewer = changed(open_entry(home, INVOICE), similar=similar[1:])
    change = save(home, fewer, "mei", 1.0).change
    other = open_entry(home, METHODS)
    save(home, changed(other, similar=(*other.entry.similar, similar[0])), "lan", 2.0)
    assert change is not None
    with pytest.raises(EntryRefused, match="同一问法只能属于一个条目"):
        undo(home, change, "mei", 3.0)


def test_undo_is_refused_when_the_category_is_gone(home: Path) -> None:
    change = editing.move(home, open_entry(home, METHODS), "order", "mei", 1.0).change
    (home / FOLDER / "payment.yml").unlink()
    assert change is not None
    with pytest.raises(EditError, match="没有分类「payment」"):
        undo(home, change, "mei", 2.0)


def test_an_unknown_change_is_named_as_such(home: Path) -> None:
    with pytest.raises(UndoRefused, match="没有这次修改"):
        undo(home, "none", "mei", 1.0)


def test_half_a_line_of_a_crash_is_no_line_and_the_next_one_is_whole(home: Path) -> None:
    answered(home, "第二版。")
    file = environment().var / history.FILE
    with file.open("ab") as handle:
        handle.write(b'{"change": "x", "auth')
    assert len(history_of(home, INVOICE)) == 1
    answered(home, "第三版。")
    assert [c.entries[0].after.answer for c in history_of(home, INVOICE) if c.entries[0].after] == [
        "第三版。",
        "第二版。",
    ]


def test_only_its_owner_reads_the_history(home: Path) -> None:
    answered(home, "第二版。")
    assert (environment().var / history.FILE).stat().st_mode & 0o077 == 0


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli.app, ["knowledge", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return str(done.output)


def test_the_command_shows_what_was_changed_and_takes_it_back(home: Path) -> None:
    assert "还没有修改记录" in run("history")
    similar = says(home, INVOICE).similar
    draft = changed(open_entry(home, INVOICE), answer="第二版。", similar=(*similar[1:], "开张票"))
    change = save(home, draft, "mei", 1.0).change
    assert change is not None
    shown = run("history", INVOICE)
    for text in (
        change,
        "mei 修改",
        "答案：在订单详情里申请发票。 ⇒ 第二版。",
        "相似问法 ＋ 开张票",
    ):
        assert text in shown
    assert f"相似问法 － {similar[0]}" in shown
    assert "已撤销：payment/invoice" in run("undo", change)
    assert says(home, INVOICE).answer == "在订单详情里申请发票。"
    assert "已撤销" in run("history")
    with pytest.raises(UndoRefused):
        run("undo", change)
