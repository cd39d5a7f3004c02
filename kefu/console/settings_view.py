"""One page of settings as it is shown: what there is, what was entered, what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kefu.console import settings_preview
from kefu.console.guard import person_of
from kefu.console.pages import render
from kefu.console.settings_form import MOST_QUESTIONS, Typed, typed_from_values
from kefu.console.settings_history_pages import in_words
from kefu.errors import FileProblems
from kefu.knowledge.library import Library
from kefu.settings import settings
from kefu.settings_editing import saving
from kefu.settings_editing.checks import knowledge_base, unknown_questions
from kefu.settings_editing.fields import Field, Section
from kefu.settings_editing.sections import PAGE_NAMES, SECTIONS
from kefu.settings_editing.values import PAGES, defaults, mark
from kefu.staff.person import Person
from kefu.terms_sample import SAMPLE


def shown(
    request: Request,
    section: Section,
    *,
    typed: Typed | None = None,
    marks: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    theirs: Mapping[str, Any] | None = None,
) -> Response:
    """Answer with a page of settings.

    Args:
        request: What is answered.
        section: Which page.
        typed: What was entered; without it, what is in force.
        marks: What the form showed, where it was sent already.
        problems: What is wrong, by path; "" for what concerns no field.
        theirs: What others have made of the same settings meanwhile.
    """
    known = knowledge_base() if section.names_questions else None
    try:
        values = saving.current()
    except FileProblems as error:
        return broken(request, section, error)
    now = typed_from_values(section, values, known)
    fields = {**now, **(typed or {})}
    problems = problems or {}
    return render(
        request,
        "settings.html",
        422 if problems else 200,
        section=section,
        sections=SECTIONS,
        typed=fields,
        marks=json.dumps(marks or _marks_of(section, values)),
        problems=problems,
        theirs={path: in_words(path, value, known) for path, value in (theirs or {}).items()},
        unknown=_unknown(values, known),
        usual=_usual(section),
        said=settings_preview.shown(section, fields),
        done=request.query_params.get("done", "") if not problems else "",
        may={field.path: may_change(person_of(request), field) for field in section.fields},
        page_names=PAGE_NAMES,
        sample=SAMPLE,
        most=MOST_QUESTIONS,
    )


def broken(request: Request, section: Section, error: FileProblems) -> Response:
    """Answer that nothing can be changed before the file is put right."""
    return render(
        request, "settings_broken.html", 409, section=section, sections=SECTIONS,
        problems=[str(problem) for problem in error.problems],
    )  # fmt: skip


def may_change(person: Person, field: Field) -> bool:
    """Tell whether a person may change a setting."""
    return person.is_administrator or not field.guarded


def _marks_of(section: Section, values: Mapping[str, Any]) -> dict[str, str]:
    paths = [field.path for field in section.fields]
    if section.key == "welcome":
        paths += [path for path in values if path.startswith(f"{PAGES}.")]
    return {path: mark(values[path]) for path in paths}


def _unknown(values: Mapping[str, Any], known: Library | None) -> list[str]:
    """Return the hot questions in use that the knowledge base no longer has."""
    asked = list(values["welcome.hot_questions"])
    asked += [
        question
        for path, page in values.items()
        if path.startswith(f"{PAGES}.")
        for question in page["hot_questions"]
    ]
    return list(dict.fromkeys(unknown_questions(asked, settings(), known)))


def _usual(section: Section) -> dict[str, str]:
    """Return what 恢复默认 writes into each field."""
    usual = defaults()
    fields = [
        field
        for field in section.fields
        if field.path in usual and field.kind in ("line", "text", "number", "words")
    ]
    typed = {
        field.path: "\n".join(usual[field.path])
        if field.kind == "words"
        else str(usual[field.path])
        for field in fields
    }
    if "terms.text" in typed:
        typed["terms.text"] = SAMPLE
    return typed
