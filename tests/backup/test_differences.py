"""What restoring would change is shown before it does."""

from __future__ import annotations

import pytest

from kefu.backup.differences import CHANGED, GONE, NEW, Change, differences
from kefu.backup.differences_text import lines
from tests.backup.shop import Shop, backed_up


@pytest.fixture
def shop(sqlite_shop: Shop) -> Shop:
    return sqlite_shop


def test_nothing_changed_is_said_so(shop: Shop) -> None:
    made = backed_up()
    found = differences(made, {"knowledge", "settings"})
    assert list(lines(found)) == ["没有差别"]


def test_entries_are_named_with_their_questions(shop: Shop) -> None:
    made = backed_up()
    shop.write("parcel", ("lost", "快递丢了", "改过的答案"), ("box", "有纸箱吗", "有"))
    assert differences(made).entries == (
        Change(GONE, "parcel/box", "有纸箱吗"),
        Change(CHANGED, "parcel/lost", "快递丢了"),
        Change(NEW, "parcel/slow", "快递太慢怎么办"),
    )


def test_moving_an_entry_to_another_line_is_no_change(shop: Shop) -> None:
    made = backed_up()
    file = shop.home / "data/knowledge/parcel.yml"
    file.write_text(f"# a comment\n\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert differences(made).entries == ()


def test_settings_are_compared_line_by_line(shop: Shop) -> None:
    made = backed_up()
    file = shop.home / "settings.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("name: 小客", "name: 大客"), "utf-8")
    changed = differences(made).settings
    assert "-  name: 大客" in changed and "+  name: 小客" in changed


def test_training_data_is_compared_file_by_file(shop: Shop) -> None:
    made = backed_up()
    (shop.home / "data/nlu/mine.yml").write_text("version: '3.1'\n")
    (shop.home / "data/nlu/synonyms.yml").write_text("version: '3.1'\n")
    (shop.home / "data/dictionary/shop.txt").unlink()
    assert differences(made).files == (
        Change(NEW, "data/dictionary/shop.txt"),
        Change(GONE, "data/nlu/mine.yml"),
        Change(CHANGED, "data/nlu/synonyms.yml"),
    )


def test_both_databases_are_counted(shop: Shop) -> None:
    made = backed_up()
    shop.say("还有一句")
    shown = list(lines(differences(made)))
    assert "  会话  1 → 1" in shown and "  消息  3 → 2" in shown
    shop.lose_database()
    assert "  消息  读不出 → 2" in list(lines(differences(made)))


def test_ruined_knowledge_base_is_said_and_does_not_stop_it(shop: Shop) -> None:
    made = backed_up()
    (shop.home / "data/knowledge/parcel.yml").write_text("entries: [", encoding="utf-8")
    found = differences(made)
    assert "parcel.yml" in found.unreadable
    assert any("无法逐条比较" in line for line in lines(found))


def test_long_lists_are_cut_where_it_is_asked(shop: Shop) -> None:
    made = backed_up()
    shop.lose_knowledge()
    shown = list(lines(differences(made), most=1))
    assert "  + invoice/open  怎么开发票" in shown
    assert any("还有 2 行" in line for line in shown)
    assert not any("parcel" in line for line in shown)
