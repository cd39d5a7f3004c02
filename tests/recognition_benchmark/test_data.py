"""Labelled lines of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kefu.errors import FileProblems
from kefu.recognition_benchmark.data import Line, read_examples, read_labelled, read_rejected
from tests.model import PROJECT


def test_lines_are_read_and_other_keys_are_ignored(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    rows = [{"text": " 怎么退货 ", "label": "退货", "from": "web"}, {"text": "x", "label": "y"}]
    # Inside a JSON text, this character is no line break.
    rows.append({"text": "两行\u2028话", "label": "y"})
    file.write_text("\r\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    assert read_labelled(file)[0] == Line("怎么退货", "退货")
    assert len(read_labelled(file)) == 3


def test_bad_lines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"text": "怎么退货", "label": "a"}\n{"text": "没有标注"}\n\n不是 JSON\n'
        '{"text": " ", "label": "a"}\n{"text": "空标注", "label": ""}\n[1]\n'
        '{"text": 5, "label": "a"}\n{"text": "几个标注", "label": ["a"]}\n',
        encoding="utf-8",
    )
    with pytest.raises(FileProblems) as raised:
        read_labelled(file)
    assert [problem.line for problem in raised.value.problems] == [2, 4, 5, 6, 7, 8, 9]
    assert str(raised.value.problems[0]).startswith(f"{file}:2: 每行应为")


@pytest.mark.parametrize(("content", "said"), [(b"\n", "里面没有问题"), (b"\xff\xfe", "UTF-8")])
def test_file_without_lines(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(FileProblems, match=said):
        read_labelled(tmp_path / "a.jsonl")


def test_what_is_to_be_rejected_needs_no_label(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text('{"text": "今天下雨吗"}\n{"text": "放首歌", "kind": "task"}', encoding="utf-8")
    assert [line.kind for line in read_rejected(file)] == ["", "task"]


def test_examples_of_the_project_are_read() -> None:
    found = read_examples(PROJECT / "data/nlu/out_of_scope.yml")
    assert len(found) > 50
    assert {line.label for line in found} == {"out_of_scope"}
    assert not [line.text for line in found if line.text.startswith("-")]
