"""A hundred customers are with people, and a program is killed: nobody notices afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.crowd import Crowd
from tests.end_to_end.installation import Installation, running
from tests.end_to_end.processes import eventually
from tests.end_to_end.shown import texts

pytestmark = pytest.mark.end_to_end

CUSTOMERS, AGENTS = 100, 10


@pytest.fixture(scope="module")
def crowd(
    tmp_path_factory: pytest.TempPathFactory, trained_model: Path
) -> Iterator[tuple[Installation, Crowd]]:
    folder = tmp_path_factory.mktemp("crowd")
    with running(folder, trained_model, ["00:00-24:00"]) as kefu:
        yield kefu, Crowd(kefu, CUSTOMERS, AGENTS)


@pytest.mark.parametrize("program", ["console", "rasa", "actions"])
def test_killed_program_loses_no_customer_and_no_word(
    crowd: tuple[Installation, Crowd], program: str
) -> None:
    kefu, people = crowd
    before = people.look()
    people.taken.clear()
    with ThreadPoolExecutor(2) as pool:
        # Both sides go on writing while the program dies and comes back.
        writing = pool.submit(people.customers_write, f"还在吗（{program}）")
        answering = pool.submit(people.agents_answer, f"在的（{program}）")
        eventually(lambda: len(people.taken) >= CUSTOMERS // 4, 30, "both sides write")
        kefu.kill(program)
        assert len(people.taken) < 2 * CUSTOMERS
        kefu.wait_healthy(program)
        writing.result()
        answering.result()
    after = people.look()
    for customer in people.customers:
        seen = after[customer]
        assert (seen.state, seen.agent) == ("agent", people.agent_of(customer))
        said = Counter(seen.lines)
        said.subtract(before[customer].lines)
        assert +said == {
            ("customer", f"还在吗（{program}）"): 1,
            ("agent", f"在的（{program}）"): 1,
        }
    assert people.heard() == {customer: [f"在的（{program}）"] for customer in people.customers}


def test_customers_get_the_assistant_back_when_the_people_are_done(
    crowd: tuple[Installation, Crowd],
) -> None:
    kefu, people = crowd
    customer = people.customers[0]
    kefu.kefu("handoff", "close", str(people.number_of(customer)))
    people.heard()
    assert "申请发票" in texts(kefu.say(customer, "怎么开发票"))


def test_nothing_of_the_conversations_is_readable_in_logs_and_database(
    crowd: tuple[Installation, Crowd],
) -> None:
    kefu, _ = crowd
    assert kefu.leaks() == []
