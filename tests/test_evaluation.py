"""`kefu evaluate`: the figures, and a file with mistakes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kefu import cli
from kefu.errors import FileProblems
from kefu.evaluation import Recognised, report
from kefu.labelled import Question, read_questions


def question(text: str, *labels: str) -> Question:
    return Question(text, frozenset(labels))


def recognised(outcome: str, *ranking: str) -> Recognised:
    return Recognised(outcome, ranking, ranking if outcome == "options" else ())


def test_figures() -> None:
    questions = [
        question("1", "a/x"), question("2", "a/x", "a/y"), question("3", "b/z"),
        question("4", "query_points"), question("5", "out_of_scope"),
        question("6", "out_of_scope"), question("7", "out_of_scope"), question("8", "out_of_scope"),
    ]  # fmt: skip
    found = [
        recognised("answer", "a/x", "a/y"),
        recognised("answer", "a/y", "a/x"),
        recognised("options", "a/x", "a/y", "b/z"),
        recognised("answer", "a/x"),
        recognised("answer", "a/x"),
        recognised("answer", "chitchat"),
        recognised("options", "a/x"),
        recognised("not_recognised", "out_of_scope"),
    ]
    figures = report(questions, found)
    assert (figures.questions, figures.out_of_scope) == (4, 4)
    assert (figures.top1, figures.top3) == (0.5, 0.75)
    assert (figures.answered, figures.options, figures.not_recognised) == (0.75, 0.25, 0)
    assert figures.wrong == 0.25
    # Small talk about something else promises nothing of the shop.
    assert (figures.false_answers, figures.false_options) == (0.25, 0.25)
    assert figures.categories == {
        "a": {"questions": 2, "top1": 1, "top3": 1},
        "b": {"questions": 1, "top1": 0, "top3": 1},
        "tasks": {"questions": 1, "top1": 0, "top3": 0},
    }


def test_nothing_to_count_is_no_figure() -> None:
    figures = report([question("1", "a/x")], [recognised("answer", "a/x")])
    assert figures.false_answers is None
    assert json.loads(figures.to_json())["false_answers"] is None


def test_bad_lines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    file.write_text(
        '{"text": "怎么退货", "labels": ["a/x"]}\n{"text": "没有标注"}\n\n不是 JSON\n'
        '{"text": "", "label": "a/x"}\n{"text": "标注是文字", "labels": "a/x"}\n[1]\n'
        '{"text": 5, "labels": ["a/x"]}\n',
        encoding="utf-8",
    )
    with pytest.raises(FileProblems) as raised:
        read_questions(file)
    assert [problem.line for problem in raised.value.problems] == [2, 4, 5, 6, 7, 8]
    assert all("每行应为" in problem.text for problem in raised.value.problems)


@pytest.mark.parametrize(("content", "said"), [(b"", "里面没有问题"), (b"\xff\xfe", "UTF-8")])
def test_file_without_questions(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "asked.jsonl").write_bytes(content)
    with pytest.raises(FileProblems, match=said):
        read_questions(tmp_path / "asked.jsonl")


LINES = (
    {"text": "怎么开发票", "labels": ["payment/invoice"]},
    {"text": "=我的快递走到哪里了", "label": "query_points"},
    {"text": "明天会下雪吗", "labels": ["out_of_scope"]},
)


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    file = tmp_path / "asked.jsonl"
    lines = [json.dumps(line, ensure_ascii=False) for line in LINES]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_command_prints_json_and_nothing_else(
    fresh_home: Path, trained_model: Path, asked: Path, tmp_path: Path
) -> None:
    """A process of its own: what libraries print at their first use counts too."""
    table = tmp_path / "confusion.csv"
    command = ["evaluate", str(asked), "--model", str(trained_model), "--confusion", str(table)]
    done = subprocess.run(
        [sys.executable, "-m", "kefu.cli", *command, "--json"], capture_output=True, check=True
    )
    figures = json.loads(done.stdout)
    assert (figures["questions"], figures["top1"], figures["false_answers"]) == (2, 0.5, 0)
    rows = list(csv.reader(table.open(encoding="utf-8-sig")))
    # The quote keeps a spreadsheet from reading the text as a formula.
    assert rows[1] == ["query_points", "query_logistics", "1", "'=我的快递走到哪里了"]


def test_command_prints_a_table_for_people(
    fresh_home: Path,
    trained_model: Path,
    asked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = tmp_path / "confusion.csv"
    command = ["evaluate", str(asked), "--model", str(trained_model), "--confusion", str(table)]
    assert run(monkeypatch, *command) == 0
    printed = capsys.readouterr().out
    assert "问题 2 条，超出范围 1 条" in printed
    assert "首选正确　　　　　　  50.0%" in printed
    assert "payment" in printed


@pytest.mark.parametrize("model", ["no-such-model.tar.gz", "asked.jsonl"])
def test_file_that_is_no_model_says_what_to_do(
    fresh_home: Path,
    asked: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    model: str,
) -> None:
    assert run(monkeypatch, "evaluate", str(asked), "--model", str(asked.with_name(model))) == 1
    said = capsys.readouterr().err
    assert "make train" in said
    assert "Traceback" not in said


def test_bad_file_fails_with_its_line(
    fresh_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "asked.jsonl"
    file.write_text('{"text": "怎么退货"}\n', encoding="utf-8")
    assert run(monkeypatch, "evaluate", str(file)) == 1
    assert f"{file}:1: 每行应为" in capsys.readouterr().err


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["kefu", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_folder_that_mirrors_the_knowledge_base(tmp_path: Path) -> None:
    text = "category: order\nentries:\n  - id: reorder\n    phrasings: [再来一单, 还想买上次的]\n"
    (tmp_path / "order.yml").write_text(text, encoding="utf-8")
    assert read_questions(tmp_path) == [
        question("再来一单", "order/reorder"),
        question("还想买上次的", "order/reorder"),
    ]


def test_folder_of_other_files_names_the_file_and_the_shape(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text("entries: [1]\n", encoding="utf-8")
    with pytest.raises(FileProblems, match=r"other\.yml.*phrasings"):
        read_questions(tmp_path)
