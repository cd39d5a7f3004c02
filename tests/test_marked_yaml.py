"""YAML with the lines that complaints name."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu import marked_yaml
from kefu.errors import FileProblems

FILE = Path("settings.yml")
TEXT = """\
assistant:
  name: 小客
handoff:
  keywords:
    - 转人工
    - 人工客服
  limit: 3
"""


def problem(text: str) -> str:
    with pytest.raises(FileProblems) as raised:
        marked_yaml.parse(text, FILE)
    (found,) = raised.value.problems
    return str(found)


def test_values_are_plain() -> None:
    data = marked_yaml.parse(TEXT, FILE).data
    assert data == {
        "assistant": {"name": "小客"},
        "handoff": {"keywords": ["转人工", "人工客服"], "limit": 3},
    }


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("assistant",), 1),
        (("assistant", "name"), 2),
        (("handoff", "keywords"), 4),
        (("handoff", "keywords", 1), 6),
        (("handoff", "limit"), 7),
        # What is not there is missing from its parent.
        (("handoff", "other", "deeper"), 3),
        (("other",), 1),
    ],
)
def test_line(key: tuple[str | int, ...], line: int) -> None:
    source = marked_yaml.parse(TEXT, FILE)
    assert source.line(*key) == line
    assert str(source.problem("有误", *key)) == f"settings.yml:{line}: 有误"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 2),
        ('a: 1\nb: "未完\nc: 3\n', 2),
        ("a: 1\nb\nc: 3\n", 2),
        ("a: 1\n  b: 2\n", 2),
        ("a: 1\n\tb: 2\n", 2),
        ("a: *unknown\n", 1),
    ],
)
def test_mistake_in_the_syntax_names_its_line(text: str, line: int) -> None:
    assert problem(text).startswith(f"settings.yml:{line}: YAML 格式有误")


def test_repeated_key_names_the_second() -> None:
    assert problem("a: 1\nb:\n  c: 1\n  c: 2\n") == "settings.yml:4: 「c」写了两次，请删去一个"


def test_forbidden_characters_are_a_mistake() -> None:
    assert "含有不允许的字符" in problem("a: \x00\n")


def test_impossible_date_asks_for_quotes() -> None:
    assert "请加上引号" in problem("date: 2026-02-31\n")


def test_python_objects_are_refused(tmp_path: Path) -> None:
    assert "YAML 格式有误" in problem("a: !!python/object/apply:os.getcwd []\n")


def test_empty_file_is_nothing() -> None:
    assert marked_yaml.parse("", FILE).data is None
    assert marked_yaml.parse("# 说明\n", FILE).line("a") == 1


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match=r"settings\.yml: 找不到这个文件"):
        marked_yaml.read(tmp_path / "settings.yml")


def test_other_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_bytes("名称: 小客".encode("gb18030"))
    with pytest.raises(FileProblems, match="请另存为 UTF-8"):
        marked_yaml.read(tmp_path / "settings.yml")
