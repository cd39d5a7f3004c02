"""Old backups go, by age and number, and never the last good one."""

from __future__ import annotations

import time

import pytest

from kefu.backup import making, rotation, shelf
from tests.backup.shop import Shop, backed_up

DAY = 86400.0


@pytest.fixture
def shop(sqlite_shop: Shop) -> Shop:
    return sqlite_shop


def names() -> list[str]:
    return shelf.names(shelf.default_folder())


def later(days: float) -> float:
    return time.time() + days * DAY


def test_young_ones_stay_however_many(shop: Shop) -> None:
    made = [backed_up().name for _ in range(3)]
    assert rotation.rotate(30, 1, later(29)) == [] and names() == made


def test_old_ones_go_but_for_the_newest(shop: Shop) -> None:
    made = [backed_up().name for _ in range(4)]
    assert rotation.rotate(30, 2, later(31)) == made[:2]
    assert names() == made[2:]


@pytest.mark.parametrize("at_least", [0, 1])
def test_the_last_one_never_goes(shop: Shop, at_least: int) -> None:
    made = backed_up().name
    assert rotation.rotate(1, at_least, later(5000)) == [] and names() == [made]


def test_damaged_and_partial_ones_do_not_stand_for_a_good_one(shop: Shop) -> None:
    good = backed_up().name
    partial = making.make("manual", of={"knowledge"}).name
    damaged = backed_up()
    (damaged.folder / "settings.yml").unlink()
    assert set(rotation.rotate(30, 1, later(31))) == {partial, damaged.name}
    assert names() == [good]


def test_the_list_says_what_is_wrong_with_one(shop: Shop) -> None:
    made = backed_up()
    (made.folder / "settings.yml").unlink()
    (listed,) = rotation.listed()
    assert listed.backup is None and "缺少文件 settings.yml" in listed.problem
    assert rotation.newest_whole() is None


def test_what_people_keep_beside_backups_stays(shop: Shop) -> None:
    backed_up()
    mine = shelf.default_folder() / "notes"
    mine.mkdir()
    rotation.rotate(1, 1, later(5000))
    assert mine.is_dir()
