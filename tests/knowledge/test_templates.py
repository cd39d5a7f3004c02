"""Industry templates: complete, correct, and able to answer."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from kefu.environment import environment
from kefu.evaluation import recognise
from kefu.knowledge import templates
from kefu.knowledge.checks import check
from kefu.knowledge.model import FOLDER, read_knowledge
from kefu.knowledge.settings_hints import settings_hints
from kefu.knowledge.tasks import task_titles
from kefu.knowledge.templates import TEMPLATES, AlreadyThere, init
from kefu.labelled import Question
from kefu.normalise import match_key
from kefu.settings import read_settings
from kefu.training import train
from tests.knowledge.bases import MEMBER, ORDER, contents, make_home
from tests.model import PROJECT, examples

HELD_OUT = Path(__file__).parent / "templates"


def begun(folder: Path, template: str) -> Path:
    home = folder / "home"
    home.mkdir()
    init(home, folder / "var", template, force=False)
    return home


@pytest.fixture(params=["ecommerce", "empty", "service"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return begun(tmp_path, request.param)


def test_all_templates_are_known() -> None:
    assert templates.names() == ["ecommerce", "empty", "service"]


def test_the_check_finds_no_problem(home: Path) -> None:
    assert check(home, task_titles(PROJECT)) == []


def test_settings_are_valid_and_name_questions_that_exist(home: Path) -> None:
    assert read_settings(home / "settings.yml").welcome.hot_questions
    assert settings_hints(home, task_titles(PROJECT)) == []


def test_no_phrasing_belongs_to_a_task_or_to_small_talk(home: Path) -> None:
    files = sorted((PROJECT / "data/nlu").glob("*.yml"))
    taken = {match_key(text) for _, text in examples(*files)} - {""}
    entries = [entry for category in read_knowledge(home) for entry in category.entries]
    assert [p.text for e in entries for p in e.phrasings if match_key(p.text) in taken] == []


def test_a_service_business_has_enough_to_begin_with(tmp_path: Path) -> None:
    categories = read_knowledge(begun(tmp_path, "service"))
    entries = [entry for category in categories for entry in category.entries]
    assert len(categories) >= 5 and len(entries) >= 40
    steps = [entry for entry in entries if "→" in entry.answer.text]
    assert len(steps) >= 10


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    with pytest.raises(AlreadyThere, match="--force"):
        init(home, tmp_path / "var", "service", force=False)
    assert contents(home) == {"order": ORDER, "member": MEMBER}
    assert not (home / "settings.yml").exists() and not (tmp_path / "var").exists()


def test_by_force_it_is_replaced_and_kept(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    shutil.copy(PROJECT / "settings.yml", home)
    done = init(home, tmp_path / "var", "empty", force=True)
    assert set(contents(home)) == {"service"}
    assert done.copy is not None
    kept = {file.name: file.read_bytes() for file in done.copy.iterdir()}
    assert kept == {
        "order.yml": ORDER.encode(),
        "member.yml": MEMBER.encode(),
        "settings.yml": (PROJECT / "settings.yml").read_bytes(),
    }


def test_by_force_the_merchants_own_settings_stay(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    own = (PROJECT / "settings.yml").read_text("utf-8").replace("示例商城", "小明理发")
    own += "\nshop:\n  orders:\n    url: https://shop.example/api\n"
    (home / "settings.yml").write_text(own, encoding="utf-8")
    init(home, tmp_path / "var", "service", force=True)
    now = read_settings(home / "settings.yml")
    assert now.assistant.shop_name == "小明理发"
    assert now.shop.orders.url == "https://shop.example/api"
    assert now.welcome == read_settings(TEMPLATES / "service/settings.yml").welcome
    assert "# 连续几条没听懂就转人工" in (home / "settings.yml").read_text("utf-8")
    assert settings_hints(home, task_titles(PROJECT)) == []


def test_without_force_settings_stay_and_one_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(PROJECT / "settings.yml", home)
    done = init(home, tmp_path / "var", "service", force=False)
    assert (home / "settings.yml").read_bytes() == (PROJECT / "settings.yml").read_bytes()
    assert str(TEMPLATES / "service/settings.yml") in done.settings
    hints = settings_hints(home, task_titles(PROJECT))
    assert any("welcome.hot_questions" in hint and "怎么申请退款" in hint for hint in hints)


def questions(template: str) -> list[Question]:
    asked = yaml.safe_load((HELD_OUT / f"{template}.yml").read_text("utf-8"))
    return [Question(text, frozenset({label})) for label, texts in asked.items() for text in texts]


def test_questions_for_the_trial_are_not_trained_on(tmp_path: Path) -> None:
    entries = [e for c in read_knowledge(begun(tmp_path, "service")) for e in c.entries]
    trained = {match_key(p.text) for e in entries for p in e.phrasings}
    asked = questions("service")
    assert [q.text for q in asked if match_key(q.text) in trained] == []
    assert {label for q in asked for label in q.labels} == {e.label for e in entries}


@pytest.fixture
def trainable(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Add to a template what a project has besides; as copies, for Rasa follows links."""
    for name in ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml"):
        shutil.copy(PROJECT / name, home)
    for name in ("nlu", "rules", "stories", "dictionary"):
        shutil.copytree(PROJECT / "data" / name, home / "data" / name)
    for name in ("kefu", "actions"):
        (home / name).symlink_to(PROJECT / name)
    monkeypatch.setenv("KEFU_HOME", str(home))
    monkeypatch.setenv("KEFU_VAR", str(home.parent / "var"))
    environment.cache_clear()
    yield home
    environment.cache_clear()


# That of a shop is trained by the project itself.
@pytest.mark.end_to_end
@pytest.mark.parametrize("home", ["empty", "service"], indirect=True)
def test_it_trains_and_answers(trainable: Path) -> None:
    model = train(trainable, Console(file=sys.stderr))
    standard = [
        Question(entry.question.text, frozenset({entry.label}))
        for category in read_knowledge(trainable)
        for entry in category.entries
    ]
    found = recognise(standard, model, Console(file=sys.stderr))
    assert [q.text for q, f in zip(standard, found, strict=True) if f.best not in q.labels] == []
    if "appointment.yml" in {file.name for file in (trainable / FOLDER).iterdir()}:
        asked = questions("service")
        found = recognise(asked, model, Console(file=sys.stderr))
        first = [f.best in q.labels for q, f in zip(asked, found, strict=True)]
        three = [{*q.labels} & {*f.ranking[:3]} for q, f in zip(asked, found, strict=True)]
        assert sum(first) / len(first) >= 0.8
        assert sum(map(bool, three)) / len(three) >= 0.9
