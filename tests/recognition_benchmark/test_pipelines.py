"""The Rasa projects that are written for the benchmark, as Rasa reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kefu.errors import FileProblems
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.pipelines import ours, suggested, write_project
from tests.model import PROJECT

LINES = [
    Line("怎么退货", "售后: 退货/退款"),
    Line("能退吗\n急", "售后: 退货/退款"),
    Line("太好了[微笑][微笑](退)", "#谢谢"),
    Line('- 引号"和${HOME}', "#谢谢"),
    Line("今天下雨吗", "out_of_scope"),
    Line("转人工", "request_human"),
]


def test_rasa_reads_what_was_written(tmp_path: Path) -> None:
    from rasa.shared.nlu.training_data.loading import load_data  # takes seconds

    labels = write_project(tmp_path, suggested(), LINES)
    found = load_data(str(tmp_path / "nlu.yml")).intent_examples
    assert {(labels[m.get("intent")], m.get("text")) for m in found} == {
        ("售后: 退货/退款", "怎么退货"),
        ("售后: 退货/退款", "能退吗 急"),
        ("#谢谢", "太好了[微笑] [微笑] (退)"),
        ("#谢谢", '- 引号"和${HOME}'),
        ("out_of_scope", "今天下雨吗"),
        ("request_human", "转人工"),
    }
    assert not any(message.get("entities") for message in found)
    titles = {m.get("intent"): (m.get("metadata") or {}).get("intent") for m in found}
    # What is out of scope must never be offered as an option.
    assert titles.pop("out_of_scope") is None
    assert {title["title"] for title in titles.values()} == {
        "售后: 退货/退款", "#谢谢", "request_human",
    }  # fmt: skip


def test_intents_have_names_that_rasa_takes(tmp_path: Path) -> None:
    labels = write_project(tmp_path, suggested(), LINES)
    assert sorted(labels) == ["out_of_scope", "q0001", "q0002", "request_human"]
    domain = yaml.safe_load((tmp_path / "domain.yml").read_text(encoding="utf-8"))
    assert sorted(domain["intents"]) == sorted(labels)


def test_our_pipeline_is_the_projects_with_paths_that_hold_anywhere(tmp_path: Path) -> None:
    written = yaml.safe_load((PROJECT / "config.yml").read_text(encoding="utf-8"))
    write_project(tmp_path, ours(PROJECT, PROJECT / "config.yml"), LINES)
    copied = yaml.safe_load((tmp_path / "config.yml").read_text(encoding="utf-8"))
    assert [c["name"] for c in copied["pipeline"]] == [c["name"] for c in written["pipeline"]]
    assert (copied["recipe"], copied["language"]) == (written["recipe"], written["language"])
    assert not {"importers", "policies"} & set(copied)
    jieba = next(c for c in copied["pipeline"] if c["name"] == "JiebaTokenizer")
    assert jieba["dictionary_path"] == str(PROJECT / "data/dictionary")


def test_only_what_is_a_path_is_changed(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    file = tmp_path / "other.yml"
    file.write_text(
        "language: zh\npipeline:\n- {name: X, entity: words, word_file: words, model: a/b, n: 1,"
        " files: [{path: ./words}]}\n",
        encoding="utf-8",
    )
    assert ours(tmp_path, file).config["pipeline"] == [
        {
            "name": "X", "entity": "words", "word_file": str(tmp_path / "words"), "model": "a/b",
            "n": 1, "files": [{"path": str(tmp_path / "words")}],
        }
    ]  # fmt: skip


def test_our_pipeline_knows_the_projects_synonyms(tmp_path: Path) -> None:
    from rasa.shared.nlu.training_data.loading import load_data  # takes seconds

    home, folder = tmp_path / "home", tmp_path / "folder"
    (home / "data/nlu").mkdir(parents=True)
    folder.mkdir()
    (home / "config.yml").write_text("language: zh\npipeline: [{name: X}]\n", encoding="utf-8")
    (home / "data/nlu/words.yml").write_text(
        "nlu:\n- {synonym: 快递, examples: '- 宅配'}\n- {intent: greet, examples: '- 你好'}\n",
        encoding="utf-8",
    )
    labels = write_project(folder, ours(home, home / "config.yml"), LINES)
    read = load_data(str(folder / "nlu.yml"))
    assert read.entity_synonyms == {"宅配": "快递"}
    assert {message.get("intent") for message in read.intent_examples} == set(labels)


def test_a_config_without_pipeline_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("language: zh\n", encoding="utf-8")
    with pytest.raises(FileProblems, match="pipeline"):
        ours(tmp_path, tmp_path / "config.yml")
