"""The project's knowledge base, and its mirror of phrasings that are never trained on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from kefu import cli
from kefu.knowledge.model import Category, read_knowledge
from kefu.normalise import match_key
from tests.model import PROJECT, examples, held_out_phrasings

HELD_OUT = Path(__file__).parent


@pytest.fixture(scope="module")
def categories() -> tuple[Category, ...]:
    return read_knowledge(PROJECT)


def test_check_finds_no_problem(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["kefu", "knowledge", "check"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert "知识库没有问题" in capsys.readouterr().out


def test_there_are_a_hundred_entries(categories: tuple[Category, ...]) -> None:
    assert sum(len(category.entries) for category in categories) == 100


def test_mirror_has_every_entry_and_no_other(categories: tuple[Category, ...]) -> None:
    entries = {entry.label for category in categories for entry in category.entries}
    counts = Counter(label for label, _ in held_out_phrasings())
    assert set(counts) == entries
    assert [label for label, count in counts.items() if count < 10] == []


@pytest.mark.parametrize("file", sorted(HELD_OUT.glob("*.yml")), ids=lambda file: file.stem)
def test_mirror_has_the_shape_of_its_category(file: Path) -> None:
    held_out = yaml.safe_load(file.read_text(encoding="utf-8"))
    trained = yaml.safe_load((PROJECT / "data/knowledge" / file.name).read_text(encoding="utf-8"))
    assert held_out["category"] == trained["category"] == file.stem
    assert [e["id"] for e in held_out["entries"]] == [e["id"] for e in trained["entries"]]


def test_held_out_phrasings_are_not_trained_on(categories: tuple[Category, ...]) -> None:
    entries = (entry for category in categories for entry in category.entries)
    trained = {match_key(phrasing.text) for entry in entries for phrasing in entry.phrasings}
    data = sorted((PROJECT / "data/nlu").glob("*.yml"))
    trained |= {match_key(text) for _, text in examples(*data)}
    held_out = [*held_out_phrasings(), *examples(PROJECT / "tests/nlu/tasks.yml")]
    # A text of punctuation alone has no key.
    trained.discard("")
    assert [pair for pair in held_out if match_key(pair[1]) in trained] == []


def test_no_phrasing_is_held_out_twice() -> None:
    held_out = [*held_out_phrasings(), *examples(PROJECT / "tests/nlu/tasks.yml")]
    keys = Counter(match_key(text) for _, text in held_out)
    assert [key for key, count in keys.items() if key and count > 1] == []
