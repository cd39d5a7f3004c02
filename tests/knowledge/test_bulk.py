"""Imports, templates and restored backups stand in the history, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kefu import cli
from kefu.environment import environment
from kefu.knowledge import history
from kefu.knowledge.bulk import bring_in, noted
from kefu.knowledge.carrying_out import current
from kefu.knowledge.edit_errors import UndoRefused
from kefu.knowledge.editing import open_entry, save
from kefu.knowledge.exchange import Mode, Plan, plan_import
from kefu.knowledge.history import Change, TitleChange
from kefu.knowledge.templates import init
from kefu.knowledge.undoing import history_of, recent_changes, undo
from kefu.knowledge.writing import KnowledgeChanged
from tests.knowledge.bases import category_yaml, contents, entry_yaml, killed_before, row, xlsx
from tests.knowledge.small_base import changed, in_git, small_base

NEW = row("怎么催发货", "订单")
REWORDED = row("怎么开发票", "支付", answer="在订单里申请。")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with small_base(tmp_path, monkeypatch) as made:
        yield made


def planned(home: Path, rows: list[list[str]], mode: Mode = Mode.APPEND) -> Plan:
    return plan_import(home, xlsx(home.parent / "问答.xlsx", rows), mode, ("转人工",))


def imported(home: Path, rows: list[list[str]], mode: Mode = Mode.APPEND) -> Change:
    return bring_in(planned(home, rows, mode), "问答.xlsx", "mei", 10.0).change


def made(home: Path) -> list[Change]:
    return history.all_changes(current(home))


def test_an_import_is_one_change_of_the_history(home: Path) -> None:
    imported(home, [NEW, REWORDED])
    (change,) = recent_changes(home)
    assert (change.kind, change.author, change.at, change.note) == (
        "import", "mei", 10.0, "问答.xlsx",
    )  # fmt: skip
    assert change.counts == "新增 1，修改 1"
    assert history_of(home, "payment/invoice") == [change]


@pytest.mark.parametrize("mode", list(Mode))
def test_an_undone_import_leaves_the_files_as_they_were(home: Path, mode: Mode) -> None:
    before = contents(home)
    rows = [NEW, row("停车收费吗", "门店"), row("怎么取消订单", "订单")]
    change = imported(home, rows, mode)
    assert contents(home) != before
    saved = undo(home, change.id, "lan", 20.0)
    after = contents(home)
    assert set(after) == set(before)
    assert after["order"] == before["order"]
    # What a whole file said beside its entries goes with it.
    said = [line for line in before["payment"].splitlines() if "#" not in line]
    assert [line for line in after["payment"].splitlines() if "#" not in line] == said
    newest, first = made(home)
    assert (newest.id, newest.kind, newest.undoes) == (saved.change, "undo", change.id)
    assert first.undone_by == newest.id


def test_an_undone_import_can_be_done_again(home: Path) -> None:
    change = imported(home, [NEW, row("停车收费吗", "门店")])
    after = contents(home)
    back = undo(home, change.id, "mei", 20.0)
    assert back.change is not None
    undo(home, back.change, "mei", 30.0)
    assert contents(home) == after


def test_what_others_changed_since_is_not_undone_with_it(home: Path) -> None:
    change = imported(home, [NEW, REWORDED])
    draft = open_entry(home, "payment/invoice")
    save(home, changed(draft, answer="在「我的」里申请。"), "lan", 20.0)
    with pytest.raises(UndoRefused, match="答案之后又改过"):
        undo(home, change.id, "mei", 30.0)
    assert "怎么催发货" in contents(home)["order"]


def test_other_changes_made_since_stay(home: Path) -> None:
    change = imported(home, [NEW])
    in_git(home, "payment", "支持微信支付和银行卡。", "支持微信支付。")
    undo(home, change.id, "mei", 20.0)
    assert "支持微信支付。" in contents(home)["payment"]
    assert "怎么催发货" not in contents(home)["order"]


def test_an_undo_that_would_break_a_button_is_refused(home: Path) -> None:
    change = imported(home, [NEW])
    draft = open_entry(home, "payment/methods")
    save(home, changed(draft, buttons=("怎么催发货",)), "lan", 20.0)
    with pytest.raises(UndoRefused, match="怎么催发货"):
        undo(home, change.id, "mei", 30.0)


def test_a_title_comes_back_with_the_entries(home: Path) -> None:
    rows = [row("怎么取消订单", "买卖", number="order/cancel"), REWORDED]
    change = imported(home, rows, Mode.REPLACE)
    assert TitleChange("order", "订单", "买卖") in change.titles
    undo(home, change.id, "mei", 20.0)
    assert "title: 订单\n" in contents(home)["order"]


def test_an_import_that_meets_another_change_leaves_no_trace(home: Path) -> None:
    plan = planned(home, [NEW])
    in_git(home, "payment", "支持微信支付和银行卡。", "支持微信支付。")
    with pytest.raises(KnowledgeChanged):
        bring_in(plan, "问答.xlsx", "mei", 10.0)
    assert made(home) == []


def test_the_history_is_right_about_an_import_that_a_kill_interrupted(home: Path) -> None:
    before, number, outcomes = contents(home), 0, set[bool]()
    while True:
        act = partial(bring_in, planned(home, [NEW, REWORDED]), "问答.xlsx", "mei", 10.0)
        killed = killed_before(number, home, act)
        noted_now = [change.kind for change in made(home)]
        was_written = contents(home) != before
        assert noted_now == (["import"] if was_written else [])
        outcomes.add(was_written)
        if was_written:
            break
        assert killed
        number += 1
    assert number > 3


def test_what_replaces_whole_files_is_noted(home: Path) -> None:
    with noted(home, "template", "空的", "lin", 10.0):
        init(home, environment().var, "empty", force=True)
    (change,) = made(home)
    assert (change.kind, change.note) == ("template", "空的")
    assert change.counts == "新增 1，删除 3"
    undo(home, change.id, "lin", 20.0)
    assert set(contents(home)) == {"order", "payment"}


def test_nothing_is_noted_where_nothing_changes_or_all_was_broken(home: Path) -> None:
    with noted(home, "restore", "20260101-000000", "lin", 10.0):
        pass
    (home / "data/knowledge/order.yml").write_text("entries: [", encoding="utf-8")
    with noted(home, "restore", "20260101-000000", "lin", 10.0):
        text = category_yaml("order", "订单", entry_yaml("cancel", "怎么取消订单"))
        (home / "data/knowledge/order.yml").write_text(text, encoding="utf-8")
    assert made(home) == []


def test_the_command_notes_who_imported_and_how_to_undo_it(home: Path) -> None:
    file = xlsx(home.parent / "问答.xlsx", [row(f"第{n}种怎么洗", "洗护") for n in range(1, 31)])
    done = CliRunner().invoke(cli.app, ["knowledge", "import", str(file), "--yes"])
    assert done.exit_code == 0, done.output
    (change,) = made(home)
    assert f"kefu knowledge undo {change.id}" in done.output
    told = CliRunner().invoke(cli.app, ["knowledge", "history"]).output
    assert "导入 问答.xlsx：新增 30" in told and "另有 10 个条目" in told


def test_the_files_of_before_are_kept(home: Path) -> None:
    before = contents(home)
    copy = bring_in(planned(home, [NEW]), "问答.xlsx", "mei", 10.0).copy
    assert {f.stem: f.read_text("utf-8") for f in copy.glob("*.yml")} == before
