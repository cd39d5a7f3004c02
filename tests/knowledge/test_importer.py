"""What Rasa is given by the knowledge files."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.importers.importer import TrainingDataImporter

from kefu.knowledge.importer import KnowledgeImporter, KnowledgeProblem
from kefu.knowledge.model import Entry, read_knowledge
from tests.model import PROJECT


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [entry for category in read_knowledge(PROJECT) for entry in category.entries]


@pytest.fixture(scope="module")
def importer() -> KnowledgeImporter:
    return KnowledgeImporter(
        str(PROJECT / "config.yml"), training_data_paths=[str(PROJECT / "data")], forms=["a_form"]
    )


def test_examples_are_the_phrasings(importer: KnowledgeImporter, entries: list[Entry]) -> None:
    messages = importer.get_nlu_data().training_examples
    given = Counter((m.get("intent_response_key"), m.get("text")) for m in messages)
    assert given == Counter((e.label, p.text) for e in entries for p in e.phrasings)
    titles = {m.get("intent_response_key"): m.get("metadata")["intent"]["title"] for m in messages}
    assert titles == {entry.label: entry.question.text for entry in entries}


def test_responses_are_the_answers(importer: KnowledgeImporter, entries: list[Entry]) -> None:
    responses = importer.get_domain().responses
    assert set(responses) == {f"utter_{entry.label}" for entry in entries}
    for entry in entries:
        (response,) = responses[f"utter_{entry.label}"]
        assert response["text"] == entry.answer.text
        shown = [button["payload"] for button in response.get("buttons", [])]
        assert shown == [button.text for button in entry.buttons]


def test_every_category_has_a_rule_and_one_more_within_the_form(
    importer: KnowledgeImporter,
) -> None:
    steps = importer.get_stories().story_steps
    events = [[event for event in step.events if not _listens(event)] for step in steps]
    # Within a form the rule begins with the form being active, and ends with it asking again.
    within = [found for found in events if isinstance(found[0], ActiveLoop)]
    alone = [found for found in events if isinstance(found[0], UserUttered)]
    categories = {category.id for category in read_knowledge(PROJECT)}
    assert {found[0].intent["name"] for found in alone} == categories
    assert {found[1].intent["name"] for found in within} == categories
    for found in within:
        *_, asks_again, active = found
        assert asks_again.action_name == active.name == "a_form"


def test_rasa_reads_the_project_as_one(entries: list[Entry]) -> None:
    """The categories are intents and the answers actions beside those of domain.yml."""
    whole = TrainingDataImporter.load_from_config(
        str(PROJECT / "config.yml"), str(PROJECT / "domain.yml"), [str(PROJECT / "data")]
    )
    domain = whole.get_domain()
    categories = {category.id for category in read_knowledge(PROJECT)}
    assert categories | {"query_order_status", "greet"} <= set(domain.intents)
    assert categories == {
        name for name, p in domain.intent_properties.items() if p.get("is_retrieval_intent")
    }
    assert {f"utter_{category}" for category in categories} <= set(domain.action_names_or_texts)


def test_folders_without_the_knowledge_base_give_nothing() -> None:
    importer = KnowledgeImporter(
        str(PROJECT / "config.yml"), training_data_paths=[str(PROJECT / "tests")]
    )
    assert importer.get_nlu_data().is_empty()
    assert importer.get_stories().story_steps == []


def test_broken_file_is_reported_with_its_line(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "config.yml", tmp_path)
    folder = tmp_path / "data/knowledge"
    folder.mkdir(parents=True)
    (folder / "order.yml").write_text("category: order\ntitle: 订单\n", encoding="utf-8")
    importer = KnowledgeImporter(
        str(tmp_path / "config.yml"), training_data_paths=[str(tmp_path / "data")]
    )
    with pytest.raises(KnowledgeProblem, match=r"order\.yml:1: 缺少「entries」"):
        importer.get_nlu_data()


def _listens(event: object) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name in ("action_listen", "...")
