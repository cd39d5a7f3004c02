"""The thresholds in config.yml: read them, and change nothing else there."""

from __future__ import annotations

import re
import stat
from dataclasses import asdict, fields
from pathlib import Path

from kefu import marked_yaml
from kefu.calibration.costs import Thresholds
from kefu.calibration.errors import CalibrationFailed
from kefu.errors import FileProblems
from kefu.marked_yaml import MarkedYaml

COMPONENT = "kefu.nlu.decision.Decision"
KEYS = tuple(field.name for field in fields(Thresholds))


def read_thresholds(file: Path) -> Thresholds:
    """Return the thresholds in use; a missing key has the component's default.

    Raises:
        FileProblems: There is no such component, or a value is not between 0 and 1.
    """
    source = marked_yaml.read(file)
    place = _place(source)
    component = source.data["pipeline"][place]
    given = {key: _value(source, place, key) for key in KEYS if key in component}
    if len(given) < len(KEYS):
        from kefu.nlu.decision import Decision  # takes seconds; a complete file needs none of it

        defaults = Decision.get_default_config()
        given = {key: given.get(key, defaults[key]) for key in KEYS}
    return Thresholds(**given)


def write_thresholds(file: Path, thresholds: Thresholds) -> bool:
    """Put the thresholds into the file and return whether that changed it.

    Every other byte stays; a missing key is added to the component.

    Raises:
        FileProblems: There is no such component, or it is written in a way that only a
            person can change.
        CalibrationFailed: The file cannot be written.
    """
    file = file.resolve()
    source = marked_yaml.read(file)
    place = _place(source)
    # Keeps the line ends, which reading as text would not.
    original = file.read_bytes().decode("utf-8")
    text = _edited(original, file, thresholds)
    wanted = source.data
    wanted["pipeline"][place] |= asdict(thresholds)
    if text is None or marked_yaml.parse(text, file).data != wanted:
        values = "，".join(f"{key}: {value}" for key, value in asdict(thresholds).items())
        hint = f"{COMPONENT} 的写法无法自动修改，请手工改成 {values}"
        raise FileProblems([source.problem(hint, "pipeline", place)])
    if text != original:
        _replace(file, text)
    return text != original


def _place(source: MarkedYaml) -> int:
    """Return the index of the component in the pipeline."""
    pipeline = source.data.get("pipeline") if isinstance(source.data, dict) else None
    items = pipeline if isinstance(pipeline, list) else []
    places = [
        place
        for place, item in enumerate(items)
        if isinstance(item, dict) and item.get("name") == COMPONENT
    ]
    if not places:
        hint = f"pipeline 里没有 {COMPONENT}，请在末尾加上一行「- name: {COMPONENT}」"
        raise FileProblems([source.problem(hint, "pipeline")])
    if len(places) > 1:
        hint = f"{COMPONENT} 写了两次，请删去一个"
        raise FileProblems([source.problem(hint, "pipeline", places[1])])
    return places[0]


def _value(source: MarkedYaml, place: int, key: str) -> float:
    value = source.data["pipeline"][place][key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        hint = f"{key} 应为 0 到 1 的数字，例如 0.5"
        raise FileProblems([source.problem(hint, "pipeline", place, key)])
    return float(value)


def _edited(text: str, file: Path, thresholds: Thresholds) -> str | None:
    """Return the text with the thresholds, None where an edit makes it no YAML."""
    try:
        for key, value in asdict(thresholds).items():
            text = _with_value(marked_yaml.parse(text, file), text, key, value)
        marked_yaml.parse(text, file)
    except FileProblems:
        return None
    return text


def _with_value(source: MarkedYaml, text: str, key: str, value: float) -> str:
    place = _place(source)
    lines = text.splitlines(keepends=True)
    component = source.data["pipeline"][place]
    if key not in component:
        _insert(source, lines, place, f"{key}: {value}")
    elif component[key] != value:
        number = source.line("pipeline", place, key) - 1
        written = re.compile(rf"(\b{key}[\"']?\s*:\s+)[^\s,}}#]+")
        lines[number] = written.sub(rf"\g<1>{value}", lines[number], count=1)
    return "".join(lines)


def _insert(source: MarkedYaml, lines: list[str], place: int, line: str) -> None:
    """Add a line to the component, behind its last threshold or behind its name."""
    name = source.line("pipeline", place, "name")
    indent = " " * max(lines[name - 1].find("name"), 0)
    known = [key for key in KEYS if key in source.data["pipeline"][place]]
    above = max([source.line("pipeline", place, key) for key in known], default=name) - 1
    content = lines[above].rstrip("\r\n")
    end = lines[above][len(content) :]
    # A last line without an end gives its successor none either.
    lines[above] = f"{content}{end or _usual_end(lines)}{indent}{line}{end}"


def _usual_end(lines: list[str]) -> str:
    return "\r\n" if lines[0].endswith("\r\n") else "\n"


def _replace(file: Path, text: str) -> None:
    """Replace the file as a whole, so that no process ever reads half of it."""
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_bytes(text.encode("utf-8"))
        draft.chmod(stat.S_IMODE(file.stat().st_mode))
        draft.replace(file)
    except OSError as error:
        hint = f"写不了 {file}（{error.strerror}），请检查目录和文件的权限"
        raise CalibrationFailed(hint) from None
    finally:
        draft.unlink(missing_ok=True)
