"""What a new model is asked: phrasings that nobody trained on, and the standard questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kefu.errors import FileProblems
from kefu.knowledge.library import Library
from kefu.labelled import Question, read_questions
from kefu.normalise import match_key
from kefu.publishing.frozen import TESTS


@dataclass(frozen=True)
class Questions:
    """What is asked, and what is left out.

    Attributes:
        tests: From `tests/knowledge`; accuracy is counted on them alone.
        standard: The standard question of each entry: training data, so only a check.
        gone: Test questions whose entry is not there any more.
        trained: Test questions that are a phrasing of the knowledge base by now.
        untested: Labels of the entries without a test question, in their order.
    """

    tests: tuple[Question, ...]
    standard: tuple[Question, ...]
    gone: int
    trained: int
    untested: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        """Return everything to ask, each once."""
        return list(dict.fromkeys(q.text for q in (*self.tests, *self.standard)))


def questions_for(home: Path, known: Library) -> Questions:
    """Collect what to ask a model of this state of the project.

    Raises:
        FileProblems: A file of test questions cannot be read.
    """
    written = _written(home / TESTS)
    there = [question for question in written if _is_there(question, known)]
    tests = [question for question in there if not known.askers(match_key(question.text))]
    tested = {label for question in tests for label in question.labels}
    entries = [entry for shelf in known.shelves for entry in shelf.entries.values()]
    return Questions(
        tests=tuple(tests),
        standard=tuple(Question(e.question.text, frozenset({e.label})) for e in entries),
        gone=len(written) - len(there),
        trained=len(there) - len(tests),
        untested=tuple(entry.label for entry in entries if entry.label not in tested),
    )


def _written(folder: Path) -> list[Question]:
    # A shop that begins with the empty template has none.
    if not any(folder.glob("*.yml")):
        return []
    try:
        return read_questions(folder)
    except FileProblems as error:
        if all(problem.line == 0 for problem in error.problems):
            return []  # files without a question
        raise


def _is_there(question: Question, known: Library) -> bool:
    return any(known.entry(label) is not None for label in question.labels)
