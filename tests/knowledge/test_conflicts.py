"""Joining two changes of one entry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.knowledge.conflicts import merge
from kefu.knowledge.content import FIELDS, LISTS, Content

BASE = Content("怎么开发票", "在订单详情里申请。", ("要发票", "能开票吗"), ("查物流",), ("报销",))

texts = st.text("甲乙丙丁", min_size=1, max_size=2)
lists = st.lists(texts, max_size=4, unique=True).map(tuple)
contents = st.builds(Content, texts, texts, lists, lists, lists, texts)


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_of_one_side_alone_is_taken(field: str) -> None:
    new = ("别的",) if field in LISTS else "别的"
    theirs = replace(BASE, **{field: new})  # type: ignore[arg-type]
    for mine, other in ((BASE, theirs), (theirs, BASE)):
        merged = merge(BASE, mine, other)
        assert merged.content == theirs
        assert merged.conflicts == ()


def test_an_item_reworded_by_both_is_kept_in_both_wordings() -> None:
    mine = replace(BASE, similar=("要张发票", "能开票吗"))
    theirs = replace(BASE, similar=("要电子发票", "能开票吗"))
    assert set(merge(BASE, mine, theirs).content.similar) == {"要张发票", "要电子发票", "能开票吗"}


def test_buttons_changed_by_both_are_for_a_person_to_choose() -> None:
    mine, theirs = replace(BASE, buttons=("查订单",)), replace(BASE, buttons=("查积分",))
    (conflict,) = merge(BASE, mine, theirs).conflicts
    assert (conflict.mine, conflict.theirs) == (("查订单",), ("查积分",))


@given(contents, contents, contents)
def test_nothing_that_either_side_wrote_is_lost(
    base: Content, mine: Content, theirs: Content
) -> None:
    merged = merge(base, mine, theirs)
    in_conflict = {conflict.field: conflict for conflict in merged.conflicts}
    for field in FIELDS:
        old, ours, other = (getattr(c, field) for c in (base, mine, theirs))
        if field in in_conflict:
            assert (in_conflict[field].mine, in_conflict[field].theirs) == (ours, other)
        elif field in ("similar", "keywords"):
            found = getattr(merged.content, field)
            added = (set(ours) | set(other)) - set(old)
            kept = set(old) & set(ours) & set(other)
            assert set(found) == added | kept
            assert len(found) == len(set(found))
        else:
            assert getattr(merged.content, field) in ({ours, other} - {old} or {old})


@given(contents, contents)
def test_without_a_change_of_theirs_mine_is_what_counts(base: Content, mine: Content) -> None:
    assert merge(base, mine, base).content == mine


@given(contents)
def test_a_content_survives_a_form(content: Content) -> None:
    again = Content.from_dict(content.as_dict())
    assert (again, again.version) == (content, content.version)
