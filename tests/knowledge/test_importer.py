"""What Rasa is given by the knowledge files."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml
from rasa.shared.core.events import UserUttered
from rasa.shared.importers.importer import TrainingDataImporter

from kefu.knowledge.importer import Answer, KnowledgeImporter, KnowledgeProblem
from kefu.knowledge.model import Entry, read_knowledge
from tests.model import PROJECT

ENTRY = """
category: order
title: 订单
entries:
  - id: cancel_order
    question: 怎么取消订单
    similar: [取消订单, {similar}]
    answer: {answer}
"""
SIMILAR, ANSWER = "我想取消订单", "在订单页点「取消」→确认"


def project(folder: Path, answer: str = ANSWER, similar: str = SIMILAR) -> TrainingDataImporter:
    """Make a project of one entry; return what Rasa reads it with."""
    (folder / "data/knowledge").mkdir(parents=True)
    shutil.copy(PROJECT / "config.yml", folder)
    entry = ENTRY.format(answer=answer, similar=similar)
    (folder / "data/knowledge/order.yml").write_text(entry, encoding="utf-8")
    return TrainingDataImporter.load_from_config(
        str(folder / "config.yml"), training_data_paths=[str(folder / "data")]
    )


def test_a_linked_configuration_reads_the_knowledge_beside_the_link(tmp_path: Path) -> None:
    project(tmp_path / "shared")
    project(tmp_path / "shop", answer="在「我的」里取消")
    config = tmp_path / "shop/config.yml"
    config.unlink()
    config.symlink_to(tmp_path / "shared/config.yml")
    importer = TrainingDataImporter.load_from_config(
        str(config), training_data_paths=[str(tmp_path / "shop/data")]
    )
    responses = importer.get_domain().responses
    assert responses["utter_order/cancel_order"][0]["text"] == "在「我的」里取消"


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [entry for category in read_knowledge(PROJECT) for entry in category.entries]


@pytest.fixture(scope="module")
def importer() -> KnowledgeImporter:
    return KnowledgeImporter(
        str(PROJECT / "config.yml"), training_data_paths=[str(PROJECT / "data")]
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


def test_answer_is_a_text_whose_fingerprint_is_that_of_any_other() -> None:
    one, other = Answer("在订单页点「取消」"), Answer("请联系商家")
    assert one == "在订单页点「取消」"
    assert one != other
    assert one.fingerprint() == other.fingerprint()
    assert isinstance(copy.deepcopy(one), Answer)


def test_changed_answer_trains_nothing_anew_and_is_spoken(tmp_path: Path) -> None:
    """Rasa's cache keeps what was learnt; the domain, never cached, holds the new text."""
    before, after = project(tmp_path / "a"), project(tmp_path / "b", answer="请联系商家→取消")
    data, changed = before.get_nlu_data(), after.get_nlu_data()
    assert data.responses
    assert data.fingerprint() == changed.fingerprint()
    (spoken,) = after.get_domain().responses["utter_order/cancel_order"]
    assert spoken["text"] == "请联系商家→取消"


def test_changed_phrasing_trains_anew(tmp_path: Path) -> None:
    before, after = project(tmp_path / "a"), project(tmp_path / "b", similar="订单不要了")
    assert before.get_nlu_data().fingerprint() != after.get_nlu_data().fingerprint()


def test_domain_written_as_yaml_holds_the_answers(tmp_path: Path) -> None:
    """So Rasa keeps it in the model."""
    domain = project(tmp_path / "a").get_domain()
    written = yaml.safe_load(domain.as_yaml())
    (response,) = written["responses"]["utter_order/cancel_order"]
    assert response["text"] == ANSWER


def test_every_category_has_a_rule(importer: KnowledgeImporter) -> None:
    steps = importer.get_stories().story_steps
    asked = [next(e for e in step.events if isinstance(e, UserUttered)) for step in steps]
    categories = {category.id for category in read_knowledge(PROJECT)}
    assert {message.intent["name"] for message in asked} == categories
    assert len(steps) == len(categories)


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
