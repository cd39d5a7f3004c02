"""Writing settings: checked, together with what others have changed meanwhile, with a history."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kefu import marked_yaml
from kefu.errors import FileProblems, KefuError
from kefu.knowledge.files_whole import write_whole
from kefu.settings import Settings, in_chinese, read_settings, settings, settings_file, settings_in
from kefu.settings_editing import history
from kefu.settings_editing.checks import objections
from kefu.settings_editing.history import Change, Difference
from kefu.settings_editing.text import REMOVED, changed
from kefu.settings_editing.values import keys, mark, values_of, with_values

HOLIDAYS = "service_hours.holidays"


@dataclass(frozen=True)
class Wanted:
    """A value that somebody wants, and the mark of the one that they saw; None: whichever."""

    value: Any
    seen: str | None


class Refused(KefuError):
    """Raised when nothing was saved; `problems` says why, by the path of each setting."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("；".join(self.problems.values()))


class ChangedMeanwhile(KefuError):
    """Raised when somebody else has changed the same settings; `now` is what they are."""

    def __init__(self, now: Mapping[str, Any]) -> None:
        self.now = dict(now)
        super().__init__("这些设置刚才被别人改过")


def current() -> dict[str, Any]:
    """Return all values as the file has them now. Raises FileProblems."""
    return values_of(read_settings(settings_file()))


def save(
    wanted: Mapping[str, Wanted], author: str, now: float, undoes: str | None = None
) -> Change | None:
    """Write settings; return what was changed, None where all of it was so already.

    A setting that the person left as they saw it is not touched, whoever changed it since.

    Args:
        wanted: By path; a value of None takes a page away.
        author: Login.
        now: UTC seconds.
        undoes: Id of the change that is taken back.

    Raises:
        Refused: A value is not possible.
        ChangedMeanwhile: Others have changed the same settings to something else.
        FileProblems: The file has mistakes that somebody made elsewhere.
        KefuError: The file or its history cannot be written.
    """
    with history.one_at_a_time():
        file = settings_file()
        text = _text(file)
        source = marked_yaml.parse(text, file)
        before = values_of(settings_in(source))
        values = _to_write(wanted, before)
        after = values_of(_checked(source.data, values))
        differences = [
            Difference(path, before.get(path), after.get(path))
            for path in values
            if before.get(path) != after.get(path)
        ]
        if not differences:
            return None
        text = changed(text, file, {keys(p): _for_yaml(p, v) for p, v in values.items()})
        change = history.new_change(differences, author, now, undoes)
        with _kept(change):
            write_whole(file, text.encode())
    settings.look()
    return change


def undo(change: Change, author: str, now: float) -> Change | None:
    """Take a change back, unless others have changed the same settings since; as `save`."""
    wanted = {d.path: Wanted(d.before, mark(d.after)) for d in change.settings}
    return save(wanted, author, now, change.id)


def _to_write(wanted: Mapping[str, Wanted], before: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    clashes: dict[str, Any] = {}
    for path, one in wanted.items():
        now = before.get(path)
        if one.value == now or one.seen == mark(one.value):
            continue
        if one.seen not in (None, mark(now)):
            clashes[path] = now
        values[path] = one.value
    if clashes:
        raise ChangedMeanwhile(clashes)
    return values


def _checked(data: dict[str, Any], values: Mapping[str, Any]) -> Settings:
    data = with_values(data, values)
    try:
        made = Settings.parse_obj(data)
    except ValidationError as error:
        raise Refused(dict(_problems(error, values))) from None
    problems = objections(made, values)
    if problems:
        raise Refused(problems)
    return made


def _problems(error: ValidationError, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in error.errors():
        place, text = ".".join(map(str, one["loc"])), in_chinese(one)
        yield _blamed(place, text, values), text


def _blamed(place: str, text: str, values: Mapping[str, Any]) -> str:
    """Return the path of the value that pydantic means, who knows weekdays only together."""
    for path, value in values.items():
        if f"{place}.".startswith(f"{path}."):
            return path
        if path.startswith(f"{place}.") and any(f"「{item}」" in text for item in value or ()):
            return path
    return place


def _for_yaml(path: str, value: Any) -> Any:
    if value is None:
        return REMOVED
    if path == HOLIDAYS:
        return [{**day, "date": datetime.date.fromisoformat(day["date"])} for day in value]
    return value


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        marked_yaml.read(file)  # says what is wrong with it
        raise


@contextmanager
def _kept(change: Change) -> Iterator[None]:
    """Write a change down, and take that back where it cannot be made."""
    history.keep(change)
    try:
        yield
    except KefuError:
        history.take_back(change)
        raise


__all__ = ["ChangedMeanwhile", "FileProblems", "Refused", "Wanted", "current", "save", "undo"]
