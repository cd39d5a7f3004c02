"""Who gets a waiting customer."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kefu.handoff import desk, holder
from kefu.handoff.assignment import Past, assign_waiting, candidates, ordered
from kefu.handoff.history import events_of
from kefu.handoff.holder import Handoff
from kefu.settings import settings
from kefu.staff import people
from kefu.staff.people import Person
from kefu.storage import conversations
from tests.handoff.crew import come, hire, told
from tests.handoff.moments import MINUTE, NIGHT, NOON, ask
from tests.handoff.rules import with_settings

pytestmark = pytest.mark.usefixtures("database")


def given(now: float = NOON) -> dict[str, str | None]:
    return {handoff.conversation: handoff.agent for handoff in assign_waiting(now)}


def want(conversation: str, category: str | None, now: float = NOON) -> Handoff:
    return holder.request(conversation, "keyword", "在吗", category, now)


def test_the_customer_gets_an_agent_who_is_there_and_reads_the_name() -> None:
    hire("xiaoli", "小李")
    ask()
    assert given() == {"c1": "xiaoli"}
    assert told("c1") == ["人工客服小李已接入，为你服务。"]
    assert given() == {}


def test_nobody_gets_more_than_the_maximum_and_the_first_come_is_served_first() -> None:
    hire("xiaoli", max_chats=2)
    for number in range(4):
        ask(f"c{number}", NOON + number)
    assert given(NOON + 10) == {"c0": "xiaoli", "c1": "xiaoli"}
    first = holder.open_of("c0")
    assert first is not None
    desk.finish(first.id, NOON + 20)
    assert given(NOON + 21) == {"c2": "xiaoli"}


@pytest.mark.parametrize("state", ["busy", "away"])
def test_who_is_busy_or_away_gets_nobody(state: people.State) -> None:
    person = hire("xiaoli")
    people.set_state(person.id, state, NOON)
    ask()
    assert given() == {}


def test_who_closed_the_console_or_has_no_hours_now_gets_nobody() -> None:
    hire("gone", now=NOON - 5 * MINUTE)
    hire("evening", hours={"mon": ("18:00-22:00",)})
    ask()
    assert given() == {}


def test_a_question_goes_to_who_knows_about_it() -> None:
    hire("payments", skills=("payment",))
    hire("parcels", skills=("logistics",))
    want("c1", "logistics")
    want("c2", "payment")
    assert given() == {"c1": "parcels", "c2": "payments"}


def test_who_waits_long_for_a_skill_gets_anybody_and_blocks_nobody() -> None:
    hire("payments", skills=("payment",))
    want("c1", "logistics", NOON)
    want("c2", "payment", NOON + 1)
    want("c3", None, NOON + 2)
    assert given(NOON + 3) == {"c2": "payments", "c3": "payments"}
    come_back = people.by_login("payments")
    assert come_back is not None
    come(come_back, NOON + 60)
    assert given(NOON + 59.9) == {}
    assert given(NOON + 60) == {"c1": "payments"}


def test_the_last_agent_gets_the_customer_again_within_a_week() -> None:
    hire("xiaoli"), hire("xiaowang")
    before = ask(now=NOON - 86400)
    desk.say(before.id, "xiaowang", "你好", NOON - 86400)
    desk.finish(before.id, NOON - 86400 + 60)
    # The other one is less busy.
    desk.take(ask("other").id, "xiaowang", NOON)
    ask()
    assert given() == {"c1": "xiaowang"}


def test_after_a_week_it_is_who_is_less_busy() -> None:
    hire("xiaoli"), hire("xiaowang")
    before = ask(now=NOON - 8 * 86400)
    desk.say(before.id, "xiaowang", "你好", NOON - 8 * 86400)
    desk.finish(before.id, NOON - 8 * 86400 + 60)
    desk.take(ask("other").id, "xiaowang", NOON)
    ask()
    assert given() == {"c1": "xiaoli"}


def test_who_has_room_in_proportion_goes_first() -> None:
    hire("small", max_chats=2)
    hire("large", max_chats=10)
    for number in range(2):
        desk.take(ask(f"held{number}").id, "large", NOON)
    desk.take(ask("held").id, "small", NOON)
    assert [person.login for person in candidates(ask(), NOON)] == ["large", "small"]


def test_who_has_waited_longest_for_a_customer_gets_the_next() -> None:
    hire("xiaoli"), hire("xiaowang"), hire("xiaozhao")
    logins = []
    for number in range(6):
        handoff = ask(f"c{number}", NOON + number)
        logins += given(NOON + number).values()
        desk.finish(handoff.id, NOON + number + 0.5)
    assert Counter(logins) == {"xiaoli": 2, "xiaowang": 2, "xiaozhao": 2}


def test_who_did_not_answer_gets_the_customer_again_only_where_nobody_else_is() -> None:
    hire("xiaoli"), hire("xiaowang")
    handoff = ask()
    (first,) = assign_waiting(NOON)
    holder.put_back(handoff.id, NOON + 1)
    (second,) = assign_waiting(NOON + 1)
    assert {first.agent, second.agent} == {"xiaoli", "xiaowang"}
    other = people.by_login(first.agent or "")
    assert other is not None
    people.set_state(other.id, "away", NOON + 2)
    holder.put_back(handoff.id, NOON + 2)
    assert given(NOON + 2) == {"c1": second.agent}


def test_who_put_a_customer_back_is_not_given_the_same_one() -> None:
    person = hire("xiaoli")
    handoff = ask()
    assert given() == {"c1": "xiaoli"}
    desk.put_back(handoff.id, "xiaoli", NOON + 1)
    assert given(NOON + 2) == {}
    come(person, NOON + 602)
    assert given(NOON + 602) == {"c1": "xiaoli"}


def test_whom_an_operator_takes_a_customer_from_gets_the_customer_last() -> None:
    hire("xiaoli")
    handoff = ask()
    assert given() == {"c1": "xiaoli"}
    desk.put_back(handoff.id, "xiaoli", NOON + 1, by="boss")
    assert events_of("c1")[-1].actor == "boss"
    assert given(NOON + 2) == {"c1": "xiaoli"}


def test_tickets_wait_for_who_takes_them() -> None:
    hire("night", hours={"mon": ("00:00-24:00",)}, now=NIGHT)
    ask(now=NIGHT)
    assert given(NIGHT) == {}


def test_nobody_is_given_what_agents_pick_or_another_desk_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire("xiaoli")
    ask()
    for section, chosen in (
        ("handoff", {"assignment": "pick"}),
        ("helpdesk", {"url": "https://desk.example.com/kefu"}),
    ):
        with with_settings(tmp_path, monkeypatch, **{section: chosen}):
            assert given() == {}
    assert given() == {"c1": "xiaoli"}


def test_customers_of_wechats_own_desk_are_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire("xiaoli")
    theirs = conversations.remember("wechat:shop", "openid-1", NOON)
    ask(theirs, NOON)
    ask("c1", NOON + 1)
    accounts = (
        "kefu.channels.wechat.connector.WechatChannel:\n"
        "  accounts:\n    shop: {kind: miniprogram, desk: wechat}\n"
    )
    with with_settings(tmp_path, monkeypatch, credentials=accounts):
        assert given(NOON + 2) == {"c1": "xiaoli"}


def test_two_consoles_that_assign_at_once_give_each_customer_once() -> None:
    hire("xiaoli", max_chats=50), hire("xiaowang", max_chats=50)
    for number in range(12):
        ask(f"c{number}", NOON + number / 100)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: assign_waiting(NOON + 1), range(4)))
    assert sorted(h.conversation for result in results for h in result) == sorted(
        f"c{number}" for number in range(12)
    )
    assert all(len(told(f"c{number}")) == 1 for number in range(12))


def test_whatever_comes_the_rules_of_the_order_hold() -> None:
    """Many random shops: never over the maximum, never unskilled while a skilled one is free."""
    chance = random.Random(5)
    for _ in range(300):
        staff = [_somebody(chance, number) for number in range(chance.randint(1, 6))]
        chats = {person.login: chance.randint(0, person.max_chats) for person in staff}
        handoff = _waiting(chance.choice(["payment", "logistics", None]), chance.choice([0, 90]))
        past = Past(last=chance.choice([None, *(person.login for person in staff)]))
        order = ordered(handoff, staff, chats, past, NOON)
        free = [person for person in staff if chats[person.login] < person.max_chats]
        skilled = [p for p in free if _knows(p, handoff.category)]
        patient = NOON - handoff.active_at < settings().handoff.skill_wait_seconds
        expected = skilled if skilled or patient else free
        assert {person.login for person in order} == {person.login for person in expected}
        if past.last in {person.login for person in expected}:
            assert order[0].login == past.last
        others = [person for person in order if person.login != past.last]
        loads = [chats[person.login] / person.max_chats for person in others]
        assert loads == sorted(loads)


def _knows(person: Person, category: str | None) -> bool:
    return category is None or not person.skills or category in person.skills


def _somebody(chance: random.Random, number: int) -> Person:
    skills = chance.choice([(), ("payment",), ("logistics",), ("payment", "logistics")])
    login, most, since = f"agent{number}", chance.randint(1, 5), chance.random()
    return Person(
        number, login, login, "agent", False, True, skills, None, most, "online",
        NOON, NOON, since, False, 0.0, None,
    )  # fmt: skip


def _waiting(category: str | None, seconds: float) -> Handoff:
    since = NOON - seconds
    return Handoff(
        1, "c1", "waiting", "keyword", None, category, None, since, None, since, None, None
    )
