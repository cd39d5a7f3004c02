"""The access log."""

from __future__ import annotations

import pytest

from kefu.staff import access

pytestmark = pytest.mark.usefixtures("database")


def test_log_is_read_from_the_newest_in_pages() -> None:
    for number in range(5):
        access.note("wang", "view_conversation", conversation=f"c{number}", now=float(number))
    first = access.entries(limit=2)
    assert [entry.conversation for entry in first] == ["c4", "c3"]
    older = access.entries(limit=9, before=first[-1].id)
    assert [entry.conversation for entry in older] == ["c2", "c1", "c0"]


def test_log_is_filtered_by_person_and_by_action() -> None:
    access.note("wang", "sign_in")
    access.note("li", "sign_in")
    access.note("li", "view_panel", conversation="c1")
    assert [entry.login for entry in access.entries(action="sign_in")] == ["li", "wang"]
    assert [entry.action for entry in access.entries(login="li")] == ["view_panel", "sign_in"]


def test_line_that_is_too_long_is_cut_and_kept() -> None:
    access.note("x" * 60, "staff_change", detail="y" * 300, address="z" * 90)
    entry = access.entries()[0]
    assert (len(entry.login), len(entry.detail or ""), len(entry.address)) == (40, 200, 64)
