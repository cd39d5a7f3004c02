"""The operator's list: counts, examples, what is suggested, what is settled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.knowledge.edit_errors import EntryRefused
from kefu.knowledge.library import library
from kefu.knowledge.search import search
from kefu.loop import dismissals
from kefu.loop.collecting import Question
from kefu.loop.grouping import grouping_key
from kefu.loop.groups import Group, groups_of, proposal, suggest
from kefu.loop.reasons import Reason
from kefu.loop.settling import add_phrasings, addable, new_entry
from kefu.storage import encryption
from tests.knowledge.small_base import in_git, says, small_base

INVOICE = "payment/invoice"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    keys = (encryption.data_cipher, encryption.pseudonym_key)
    with small_base(tmp_path, monkeypatch) as made:
        for key in keys:
            key.cache_clear()
        yield made
    for key in keys:
        key.cache_clear()


def asked(
    text: str, at: float = 1.0, who: str = "c1", reason: Reason = "not_recognised", answer: str = ""
) -> Question:
    return Question(int(at), who, at, text, frozenset({reason}), None, answer)


def listed(home: Path, *questions: Question) -> list[Group]:
    return groups_of(questions, library(home), dismissals.dismissed_keys())


def test_a_group_counts_messages_and_customers_and_shows_its_wordings(home: Path) -> None:
    first, second = listed(
        home,
        asked("能送到海外吗", 1.0, "c1"),
        asked("你好，能送到海外吗？", 5.0, "c2", "to_person"),
        asked("能送到海外吗", 9.0, "c1"),
        asked("手表能刻字吗", 3.0, "c3"),
    )
    assert (first.count, first.customers) == (3, 2)
    assert first.examples == ("能送到海外吗", "你好，能送到海外吗？")
    assert (first.first_at, first.last_at) == (1.0, 9.0)
    assert first.why() == "没听懂 2、转了人工 1"
    assert second.examples == ("手表能刻字吗",)


def test_what_many_customers_ask_comes_before_what_one_repeats(home: Path) -> None:
    repeated = [asked("手表能刻字吗", n, "c1") for n in range(3)]
    many = [asked("能送到海外吗", 10, f"c{n}") for n in range(2)]
    assert [g.customers for g in listed(home, *repeated, *many)] == [2, 1]


def test_no_more_than_five_wordings_are_shown(home: Path) -> None:
    endings = ("", "呀", "啊？", "，急", "，谢谢", "呢亲", "，在线等")
    (group,) = listed(home, *(asked(f"能送到海外的岛上去吗{e}") for e in endings))
    assert len(group.examples) == 5


def test_the_answer_given_most_often_stands_beside_a_group(home: Path) -> None:
    answers = ("可以免费刻字。", "", "可以刻字，下单备注。", "可以免费刻字。")
    (group,) = listed(home, *(asked("手表能刻字吗", n, answer=a) for n, a in enumerate(answers)))
    assert group.answer == "可以免费刻字。"


def test_the_entry_that_is_most_alike_is_suggested(home: Path) -> None:
    (group,) = listed(home, asked("请问怎么开发票的"))
    suggestions = suggest(search(), group)
    assert suggestions[0].entry.label == INVOICE
    assert proposal(group, suggestions) == "add_phrasing"


def test_what_no_entry_is_about_is_to_become_one(home: Path) -> None:
    (group,) = listed(home, asked("手表能刻字吗", answer="可以免费刻字。"))
    assert proposal(group, suggest(search(), group)) == "new_entry"
    content = new_entry(group)
    assert (content.question, content.answer) == ("手表能刻字吗", "可以免费刻字。")


def test_a_group_is_settled_when_its_words_are_in_the_knowledge_base(home: Path) -> None:
    questions = (asked("票怎么开来着", 1.0), asked("票怎么开来着？", 2.0, "c2"))
    (group,) = listed(home, *questions)
    assert not group.settled
    add_phrasings(home, INVOICE, addable(group), "mei", 3.0)
    (group,) = listed(home, *questions)
    assert group.settled
    assert group.known_as == INVOICE
    assert says(home, INVOICE).similar[-1] == "票怎么开来着"


def test_known_words_whose_answer_did_not_help_call_for_a_better_answer(home: Path) -> None:
    (group,) = listed(home, asked("怎么开发票", reason="badly_rated"))
    assert not group.settled
    assert proposal(group, suggest(search(), group)) == "better_answer"


def test_texts_with_personal_data_do_not_get_into_the_knowledge_base(home: Path) -> None:
    (group,) = listed(home, asked("给〔手机号〕开发票行不行"), asked("给谁开发票行不行"))
    assert "〔手机号〕" not in "".join(addable(group))
    with pytest.raises(EntryRefused, match="手机号"):
        add_phrasings(home, INVOICE, ["给13812345678开发票行不行"], "mei", 1.0)


def test_what_is_put_away_stays_away_in_other_words_too(home: Path) -> None:
    (group,) = listed(home, asked("你们老板是谁啊"))
    dismissals.dismiss(group, "mei", 1.0)
    again, other = listed(home, asked("请问你们的老板是谁"), asked("手表能刻字吗"))
    found = {group.examples[0]: group.settled for group in (again, other)}
    assert found == {"请问你们的老板是谁": True, "手表能刻字吗": False}
    dismissals.bring_back(group.id, "mei", 2.0)
    assert not listed(home, asked("你们老板是谁啊"))[0].settled


def test_what_is_put_away_cannot_be_read_from_the_file(home: Path) -> None:
    (group,) = listed(home, asked("你们老板是谁啊"))
    dismissals.dismiss(group, "mei", 1.0)
    content = (environment().var / dismissals.FILE).read_text(encoding="utf-8")
    assert "老板" not in content
    assert dismissals.dismissals()[0].by == "mei"


def test_a_group_keeps_its_id_when_more_is_asked(home: Path) -> None:
    before = listed(home, asked("手表能刻字吗"), asked("手表能刻字吗", 2.0))[0]
    after = listed(home, asked("手表能刻字吗"), asked("手表能刻字吗", 2.0), asked("手表能刻子吗"))[
        0
    ]
    assert before.id == after.id


def test_group_that_something_was_done_about_rests_until_customers_could_notice_it(
    home: Path,
) -> None:
    questions = [asked("能送到海外吗", at, f"c{at}", "to_person") for at in (1.0, 9.0)]
    key = grouping_key("能送到海外吗")
    for until, rests in ((8.0, False), (9.0, True), (math.inf, True)):
        (group,) = groups_of(questions, library(home), (), {key: until})
        assert group.settled is rests


def test_what_a_reviewer_thought_right_is_suggested_first(home: Path) -> None:
    wrong = replace(asked("支持开票吗", reason="wrong_answer"), should_be=INVOICE)
    (group,) = listed(home, wrong)
    suggestions = suggest(search(), group)
    assert suggestions[0].entry.label == INVOICE
    assert proposal(group, suggestions) == "add_phrasing"


def test_wrongly_answered_words_are_settled_once_the_right_entry_has_them(home: Path) -> None:
    wrong = replace(asked("怎么取消订单甲问", reason="wrong_answer"), should_be=INVOICE)
    (group,) = listed(home, wrong)
    assert not group.settled and group.known_as == "order/cancel"
    in_git(home, "order", "怎么取消订单甲问", "怎么取消订单么")
    add_phrasings(home, INVOICE, ["怎么取消订单甲问"], "li", 2.0)
    (group,) = listed(home, wrong)
    assert group.settled and group.known_as == INVOICE
