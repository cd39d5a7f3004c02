"""Knowledge bases to begin with: one for a kind of business each, with settings that fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kefu import marked_yaml
from kefu.errors import FileProblems, KefuError
from kefu.knowledge.files_whole import write_whole
from kefu.knowledge.model import FOLDER, read_files
from kefu.knowledge.writing import keep_copy, write_categories
from kefu.settings import read_settings

TEMPLATES = Path(__file__).with_name("templates")
SETTINGS = "settings.yml"
_COMPLAINTS = re.compile(r"^(\s+complaint_entries:).*(?:\n\s+- .*)*$", re.MULTILINE)


class AlreadyThere(KefuError):
    """Raised when a knowledge base would be overwritten."""


@dataclass(frozen=True)
class Begun:
    """What was made.

    Attributes:
        entries, categories: How many there are now.
        copy: Where the former files are kept, None when there were none.
        settings: What was done with the settings, for people.
    """

    entries: int
    categories: int
    copy: Path | None
    settings: str


def names() -> list[str]:
    """Return the names of the templates."""
    return sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())


def init(home: Path, var: Path, template: str, force: bool) -> Begun:
    """Make the knowledge base that of a template.

    Args:
        home: Project directory.
        var: Data directory, for a copy of what was there.
        template: One of `names()`.
        force: Replace what is there, and in the settings what the template has to say.

    Raises:
        AlreadyThere: There is a knowledge base, and no force.
        NotWritable: The files or the copy cannot be written.
    """
    folder, settings = home / FOLDER, home / SETTINGS
    there = sorted(folder.glob("*.yml"))
    if there and not force:
        raise AlreadyThere(
            f"{folder} 里已有知识库，没有改动：确定要替换请加 --force"
            f"（先备份到 {var / 'backup'}），或用 kefu knowledge import 添加"
        )
    files = sorted((TEMPLATES / template / "knowledge").glob("*.yml"))
    copy = keep_copy(home, var, [settings]) if there or settings.exists() else None
    wanted: dict[Path, bytes | None] = dict.fromkeys(there)
    wanted |= {folder / file.name: file.read_bytes() for file in files}
    write_categories(home, wanted)
    categories = read_files(files)
    entries = sum(len(category.entries) for category in categories)
    done = _settle(settings, TEMPLATES / template / SETTINGS, force)
    return Begun(entries, len(categories), copy, done)


def _settle(settings: Path, template: Path, force: bool) -> str:
    """Give the project the settings of a template, as far as that is wanted."""
    if not settings.exists():
        write_whole(settings, template.read_bytes())
        return f"已写入 {SETTINGS}：请填上店名、电话和服务时间"
    if not force:
        return (
            f"{SETTINGS} 没有改动：模板的欢迎语和热门问题在 {template}，"
            "请把其中的 welcome 和 handoff.complaint_entries 抄过去"
        )
    text = _joined(settings, template)
    if text is None:
        write_whole(settings, template.read_bytes())
        return f"{SETTINGS} 的写法无法自动合并，已换成模板的设置：其余各项请从备份抄回"
    write_whole(settings, text.encode())
    return f"已更新 {SETTINGS} 的 welcome 和 handoff.complaint_entries，其余设置没有改动"


def _joined(settings: Path, template: Path) -> str | None:
    """Return the settings with the parts that depend on the knowledge base from the template.

    Shop name, hours and addresses of the merchant's systems stay. None where that cannot
    be done line by line.
    """
    try:
        own, given = _section(settings, "welcome"), _section(template, "welcome")
    except (FileProblems, KeyError):
        return None
    text = settings.read_text("utf-8").replace(own, given)
    complaints = _COMPLAINTS.search(template.read_text("utf-8"))
    if complaints:
        text = _COMPLAINTS.sub(lambda _: complaints.group(), text, count=1)
    return text if _fits(text, settings, template) else None


def _section(file: Path, key: str) -> str:
    """Return the lines of one part of a settings file."""
    source = marked_yaml.read(file)
    lines = file.read_text("utf-8").splitlines(keepends=True)
    starts = sorted(source.lines[(name,)] - 1 for name in source.data)
    start = source.lines[(key,)] - 1
    end = next((line for line in starts if line > start), len(lines))
    while end > start + 1 and lines[end - 1].lstrip()[:1] in ("", "#"):
        end -= 1
    return "".join(lines[start:end])


def _fits(text: str, settings: Path, template: Path) -> bool:
    """Tell whether joined settings say what they should."""
    try:
        data = marked_yaml.parse(text, settings).data
        given, wanted = read_settings(settings), read_settings(template)
    except FileProblems:
        return False
    joined = type(given).parse_obj(data)
    same_handoff = joined.handoff.complaint_entries == wanted.handoff.complaint_entries
    parts = {"welcome", "handoff"}
    return (
        joined.welcome == wanted.welcome
        and same_handoff
        and joined.dict(exclude=parts) == given.dict(exclude=parts)
    )
