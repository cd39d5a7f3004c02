"""A file of JSON lines that several processes write and a crash may cut short."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from kefu.line_file import LineFile, LineFileProblem, Mark


def test_what_was_added_is_read_in_its_order(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "var/lines.jsonl")
    assert file.read() == []
    file.append({"n": 1}, {"n": 2})
    file.append({"n": "三\n"})
    assert file.read() == [{"n": 1}, {"n": 2}, {"n": "三\n"}]


def test_a_line_cut_short_is_left_out_and_overwritten(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines.jsonl")
    file.append({"n": 1})
    with file.path.open("ab") as handle:
        handle.write(b'{"n": ' + b"9" * 10_000)
    assert file.read() == [{"n": 1}]
    file.append({"n": 2})
    assert file.read() == [{"n": 1}, {"n": 2}]


def test_a_reader_goes_on_where_it_was(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines.jsonl")
    file.append({"n": 1})
    _, mark = file.read_on(Mark())
    file.append({"n": 2})
    lines, mark = file.read_on(mark)
    assert (lines, mark.again) == ([{"n": 2}], False)
    assert file.read_on(mark)[0] == []


def test_a_reader_notices_that_another_file_came_in_its_place(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines.jsonl")
    file.append({"n": 1})
    _, mark = file.read_on(Mark())
    other = LineFile(tmp_path / "restored.jsonl")
    other.append({"n": 7}, {"n": 8})
    other.path.replace(file.path)
    lines, mark = file.read_on(mark)
    assert (lines, mark.again) == ([{"n": 7}, {"n": 8}], True)


def _append(arguments: tuple[Path, int]) -> None:
    path, writer = arguments
    for number in range(50):
        LineFile(path).append({"writer": writer, "number": number})


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(_append, [(path, writer) for writer in range(4)]))
    lines = LineFile(path).read()
    for writer in range(4):
        mine = [line["number"] for line in lines if line["writer"] == writer]
        assert mine == list(range(50))


def test_a_broken_line_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text("{}\nnonsense\n")
    with pytest.raises(LineFileProblem, match=r"lines\.jsonl.*从备份恢复"):
        LineFile(tmp_path / "lines.jsonl").read()


def test_what_cannot_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    with pytest.raises(LineFileProblem, match="请检查权限和磁盘空间"):
        LineFile(tmp_path / "folder/lines.jsonl").append({"n": 1})


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines.jsonl")
    file.append({"n": 1})
    assert file.path.stat().st_mode & 0o777 == 0o600
