"""What takes long is computed once, beside the pages, and served until there is a newer one."""

from __future__ import annotations

import threading

import pytest

from kefu.errors import KefuError
from kefu.loop.background import Kept, Known

PATIENT = 10.0


def settled(kept: Kept[str], stamp: object = None) -> Known[str]:
    """Ask until nothing is being made."""
    while (known := kept.get("k", lambda: "never made", stamp, patience=PATIENT)).working:
        pass
    return known


def test_first_value_is_waited_for_only_a_moment() -> None:
    kept, may = Kept[str](), threading.Event()

    def make() -> str:
        may.wait(PATIENT)
        return "there"

    assert kept.get("k", make, patience=0).value is None
    assert kept.get("k", make, patience=0).working
    may.set()
    assert kept.get("k", make, patience=PATIENT).value == "there"


def test_old_value_is_served_until_the_new_one_is_there() -> None:
    kept, may = Kept[str](), threading.Event()
    kept.get("k", lambda: "old", 1, patience=PATIENT)

    def make() -> str:
        may.wait(PATIENT)
        return "new"

    stale = kept.get("k", make, 2)
    assert (stale.value, stale.working) == ("old", True)
    may.set()
    assert settled(kept, 2).value == "new"


def test_value_is_made_once_for_each_state_of_what_it_is_made_from() -> None:
    kept, made = Kept[str](), list[int]()
    for stamp in (1, 1, 2, 2):
        kept.get("k", lambda s=stamp: f"{made.append(s)}", stamp, patience=PATIENT)  # type: ignore[misc]
        while kept.get("k", str, stamp, patience=PATIENT).working:
            pass
    assert made == [1, 2]


def test_expired_values_are_made_anew() -> None:
    kept = Kept[str]()
    kept.get("k", lambda: "old", patience=PATIENT)
    kept.expire()
    assert kept.get("k", lambda: "new", seconds=60).value in ("old", "new")
    while kept.get("k", lambda: "never", seconds=60).working:
        pass
    assert kept.get("k", lambda: "never", seconds=60).value == "new"


def test_what_went_wrong_is_told_and_tried_again() -> None:
    kept = Kept[str]()

    def broken() -> str:
        raise KefuError("文件坏了")

    with pytest.raises(KefuError, match="文件坏了"):
        kept.get("k", broken, patience=PATIENT)
    assert kept.get("k", lambda: "there", patience=PATIENT).value == "there"


def test_least_used_values_go() -> None:
    kept, made = Kept[str](2), list[str]()
    for key in ("a", "b", "c", "c", "b", "a"):
        kept.get(key, lambda k=key: f"{made.append(k)}", patience=PATIENT)  # type: ignore[misc]
    assert made == ["a", "b", "c", "a"]
