"""config.yml: the three values change, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.calibration.config_file import read_thresholds, write_thresholds
from kefu.calibration.costs import Thresholds
from kefu.calibration.errors import CalibrationFailed
from kefu.errors import FileProblems
from kefu.nlu.decision import Decision
from tests.model import PROJECT

NEW = Thresholds(0.62, 0.05, 0.11)
NAME = "kefu.nlu.decision.Decision"
COMPONENT = f"""\
# 说明：answer_threshold: 0.5
pipeline:
  - name: Other
    answer_threshold: 0.3
  - name: {NAME}   # 决定
    # answer_threshold: 0.9
    human_keywords: [转人工,  'answer_margin: 0.7']
    option_threshold:  0.06 # 选项
    answer_threshold: 0.50

    answer_margin: 0.1
policies: []
"""


def config(folder: Path, text: str) -> Path:
    file = folder / "config.yml"
    file.write_bytes(text.encode("utf-8"))
    return file


def written(file: Path) -> str:
    return file.read_bytes().decode("utf-8")


def test_the_projects_own_file_keeps_everything_else(tmp_path: Path) -> None:
    before = written(PROJECT / "config.yml")
    file = config(tmp_path, before)
    assert write_thresholds(file, NEW)
    assert read_thresholds(file) == NEW
    old, new = before.splitlines(), written(file).splitlines()
    changed = [line for line, was in zip(new, old, strict=True) if line != was]
    assert all(line.strip().split(":")[0] in vars(NEW) for line in changed)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_values_change(tmp_path: Path, end: str) -> None:
    file = config(tmp_path, COMPONENT.replace("\n", end))
    assert write_thresholds(file, NEW)
    expected = (
        COMPONENT.replace("  0.06 #", "  0.11 #")
        .replace("0.50", "0.62")
        .replace(": 0.1\n", ": 0.05\n")
    )
    assert written(file) == expected.replace("\n", end)


def test_values_that_are_right_already_leave_the_file_alone(tmp_path: Path) -> None:
    """A newer file would have the model trained again."""
    file = config(tmp_path, COMPONENT)
    before = file.stat()
    assert not write_thresholds(file, Thresholds(0.5, 0.1, 0.06))
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert written(file) == COMPONENT


def test_missing_keys_have_the_defaults_and_are_added(tmp_path: Path) -> None:
    file = config(tmp_path, f"pipeline:\n  - name: {NAME}\n    answer_margin: 0.2\npolicies: []\n")
    assert read_thresholds(file) == Thresholds(
        Decision.get_default_config()["answer_threshold"],
        0.2,
        Decision.get_default_config()["option_threshold"],
    )
    assert write_thresholds(file, NEW)
    assert written(file) == (
        f"pipeline:\n  - name: {NAME}\n    answer_margin: 0.05\n"
        "    answer_threshold: 0.62\n    option_threshold: 0.11\npolicies: []\n"
    )


def test_keys_are_added_at_the_end_of_a_file_without_a_last_line_end(tmp_path: Path) -> None:
    file = config(tmp_path, f"pipeline:\r\n- name: {NAME}")
    assert write_thresholds(file, NEW)
    assert written(file) == (
        f"pipeline:\r\n- name: {NAME}\r\n  answer_threshold: 0.62\r\n"
        "  answer_margin: 0.05\r\n  option_threshold: 0.11"
    )


def test_one_line_component(tmp_path: Path) -> None:
    keys = "answer_threshold: 0.5, answer_margin: 0.1, option_threshold: 0.06"
    file = config(tmp_path, f"pipeline: [{{name: {NAME}, {keys}}}]\n")
    assert write_thresholds(file, NEW)
    keys = "answer_threshold: 0.62, answer_margin: 0.05, option_threshold: 0.11"
    assert written(file) == f"pipeline: [{{name: {NAME}, {keys}}}]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pipeline:\n  - name: Other\n", f"config.yml:1: pipeline 里没有 {NAME}"),
        ("language: zh\n", f"config.yml:1: pipeline 里没有 {NAME}"),
        ("- 1\n", f"config.yml:1: pipeline 里没有 {NAME}"),
        (f"pipeline:\n  - name: {NAME}\n  - name: {NAME}\n", "config.yml:3: .*写了两次"),
        (
            f"pipeline:\n  - name: {NAME}\n    answer_margin: 很大\n",
            "config.yml:3: answer_margin 应为 0 到 1 的数字",
        ),
        (f"pipeline:\n  - name: {NAME}\n    answer_margin: true\n", "config.yml:3: answer_margin"),
        (f"pipeline:\n  - name: {NAME}\n    answer_margin: .nan\n", "config.yml:3: answer_margin"),
        (f"pipeline:\n  - name: {NAME}\n    option_threshold:\n", "config.yml:3: option_threshold"),
    ],
)
def test_mistakes_name_file_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FileProblems, match=said):
        read_thresholds(config(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        f"pipeline: [{{name: {NAME}}}]\n",
        f"pipeline:\n  - name: {NAME}\n    answer_margin:\n      0.2\n",
        f"base: &base\n  answer_margin: 0.2\npipeline:\n  - <<: *base\n    name: {NAME}\n",
    ],
)
def test_what_cannot_be_edited_safely_is_left_to_a_person(tmp_path: Path, text: str) -> None:
    file = config(tmp_path, text)
    with pytest.raises(
        FileProblems, match=r"手工改成 answer_threshold: 0\.62，answer_margin: 0\.05"
    ):
        write_thresholds(file, NEW)
    assert written(file) == text


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    target = config(tmp_path, COMPONENT)
    target.chmod(0o640)
    link = tmp_path / "linked.yml"
    link.symlink_to(target)
    assert write_thresholds(link, NEW)
    assert link.is_symlink()
    assert read_thresholds(target) == NEW
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yml", "linked.yml"]


def test_folder_that_cannot_be_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = config(tmp_path, COMPONENT)

    def refuse(self: Path, data: bytes) -> int:
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, whom no folder refuses.
    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(CalibrationFailed, match=r"写不了 .*config\.yml.*权限"):
        write_thresholds(file, NEW)
    assert written(file) == COMPONENT
