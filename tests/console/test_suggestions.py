"""Answers offered to agents: by the model, without it by letters, and as customers read them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kefu.environment import environment, secret
from kefu.handoff import desk
from kefu.knowledge.search import search
from kefu.replies import fill, values
from kefu.settings import settings
from kefu.storage import messages
from tests.console.seats import Seat, asks, customer, seat
from tests.shop.conftest import Seen, Stub, free_port, serving

pytestmark = pytest.mark.usefixtures("database")
INVOICE = "payment/invoice"


@contextmanager
def rasa(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Seen], tuple[int, Any]]
) -> Iterator[Stub]:
    """Put a small server in the place of Rasa."""
    with serving(Stub(answer=answer)) as stub:
        monkeypatch.setenv("KEFU_RASA_PORT", stub.url.rpartition(":")[2])
        environment.cache_clear()
        yield stub


@pytest.fixture(autouse=True)
def _away(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_RASA_PORT", str(free_port()))
    environment.cache_clear()


def finds(*labels: str, score: float = 0.8) -> Callable[[Seen], tuple[int, Any]]:
    found = [{"label": label, "score": score} for label in labels]
    return lambda seen: (200, {"candidates": found})


def answer_of(label: str) -> str:
    found = search().entry(label)
    assert found is not None
    return fill(found.entry.answer.text, **values(settings()))


def suggestions(of: Seat, number: int, **query: str) -> str:
    answer = of.get(f"/desk/{number}/suggestions", params=query)
    assert answer.status_code == 200
    return answer.text


def test_the_model_is_asked_for_the_last_text(monkeypatch: pytest.MonkeyPatch) -> None:
    handoff, mei = asks(customer(), "能给我开张票吗"), seat("mei")
    with rasa(monkeypatch, finds("greet", INVOICE, "gone/entry", "payment/invoice_change")) as stub:
        text = suggestions(mei, handoff.id)
    assert f'data-insert="{answer_of(INVOICE)}"' in text
    assert text.index(answer_of(INVOICE)) < text.index(answer_of("payment/invoice_change"))
    assert "按文字查找" not in text
    (seen,) = stub.seen
    assert (seen.method, seen.path) == ("POST", "/webhooks/desk/suggest")
    assert json.loads(seen.body) == {"text": "能给我开张票吗"}
    assert seen.headers["Authorization"] == f"Bearer {secret('internal_token')}"


def test_no_more_than_three_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    handoff, mei = asks(customer()), seat("mei")
    labels = [INVOICE, "payment/invoice_change", "order/query_order", "logistics/query_logistics"]
    known = [label for label in labels if search().entry(label)]
    assert len(known) >= 3
    with rasa(monkeypatch, finds(*known, *known)):
        assert suggestions(mei, handoff.id).count("data-insert=") == 3


def test_a_text_about_nothing_leaves_the_one_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = customer()
    handoff, mei = asks(conversation, "怎么开发票"), seat("mei")
    messages.record(conversation, "customer", "text", "好的", None, time.time())

    def answer(seen: Seen) -> tuple[int, Any]:
        about = json.loads(seen.body)["text"] == "怎么开发票"
        return 200, {"candidates": [{"label": INVOICE, "score": 0.9 if about else 0.01}]}

    with rasa(monkeypatch, answer):
        assert answer_of(INVOICE) in suggestions(mei, handoff.id)


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (200, []), (200, b"no json"), (200, {"candidates": [{"label": 1}]}), (401, {})],
)
def test_without_the_models_word_letters_decide(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any]
) -> None:
    handoff, mei = asks(customer(), "怎么开发票"), seat("mei")
    with rasa(monkeypatch, lambda seen: answer):
        text = suggestions(mei, handoff.id)
    assert "按文字查找" in text
    assert answer_of(INVOICE) in text


def test_while_rasa_is_down_letters_decide() -> None:
    handoff, mei = asks(customer(), "怎么开发票"), seat("mei")
    text = suggestions(mei, handoff.id)
    assert "按文字查找" in text
    assert answer_of(INVOICE) in text


def test_a_slow_model_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    handoff, mei = asks(customer(), "怎么开发票"), seat("mei")
    over = threading.Event()

    def answer(seen: Seen) -> tuple[int, Any]:
        over.wait(30)
        return 200, {"candidates": []}

    with rasa(monkeypatch, answer):
        begun = time.monotonic()
        text = suggestions(mei, handoff.id)
        took = time.monotonic() - begun
        over.set()
    assert took < 10
    assert "按文字查找" in text


def test_nothing_fits_a_text_about_nothing() -> None:
    handoff, mei = asks(customer(), "🙂"), seat("mei")
    assert "没有合适的条目" in suggestions(mei, handoff.id)


def test_an_agent_searches_the_knowledge_base() -> None:
    handoff, mei = asks(customer(), "在吗"), seat("mei")
    text = suggestions(mei, handoff.id, q="发票")
    assert answer_of(INVOICE) in text
    assert "<input" not in text  # only the list is put in its place
    assert "没有找到「区块链」" in suggestions(mei, handoff.id, q="区块链")


def test_an_empty_search_shows_what_was_offered_before() -> None:
    handoff, mei = asks(customer(), "怎么开发票"), seat("mei")
    assert answer_of(INVOICE) in suggestions(mei, handoff.id, q=" ")


def test_placeholders_are_filled_as_for_customers() -> None:
    handoff, mei = asks(customer(), "在吗"), seat("mei")
    text = suggestions(mei, handoff.id, q="人工客服几点上班")
    assert "9:00–18:00" in text
    assert "{service_hours}" not in text


def test_html_in_a_search_stays_text() -> None:
    handoff, mei = asks(customer(), "在吗"), seat("mei")
    assert "<script>" not in suggestions(mei, handoff.id, q="<script>alert(1)</script>")


def test_they_are_for_those_who_may_open_the_conversation() -> None:
    handoff = asks(customer())
    mei, lin = seat("mei"), seat("lin")
    desk.take(handoff.id, "lin", time.time())
    assert mei.get(f"/desk/{handoff.id}/suggestions").status_code == 403
    assert lin.get(f"/desk/{handoff.id}/suggestions").status_code == 200
