"""Rasa importer: the knowledge files become retrieval intents, responses and rules in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.exceptions import RasaException
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml.representer import RoundTripRepresenter

from kefu.errors import FileProblems
from kefu.knowledge.example import Example
from kefu.knowledge.model import FOLDER, Category, Entry, read_knowledge


class KnowledgeProblem(RasaException):
    """Raised, for Rasa to print, when the knowledge base cannot be read."""


class Answer(str):
    """An answer as Rasa's training cache sees it: whatever it says, nothing is learnt from it.

    Rasa puts the answers of retrieval intents into the NLU data, so that a changed answer
    would train the recognition anew. With this fingerprint (Rasa's `Fingerprintable`) the
    cached components are taken; the new text reaches the model with the domain, which is
    never cached.
    """

    def fingerprint(self) -> str:
        """Return the same for every answer."""
        return "answer"


# Rasa writes the domain as YAML, whose writer wants to be told of each type.
RoundTripRepresenter.add_representer(Answer, RoundTripRepresenter.represent_str)


class KnowledgeImporter(TrainingDataImporter):
    """Reads `data/knowledge/*.yml` beside the config file; nothing is generated on disk.

    Stands in `config.yml` under `importers`, after RasaFileImporter.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        """Remember where the project is; files are read on first use."""
        # Not resolved: a link to a shared configuration must not lead to another project.
        self._home = Path(config_file or "config.yml").absolute().parent
        self._paths = _as_paths(training_data_paths)
        self._read: tuple[Category, ...] | None = None

    def get_domain(self) -> Domain:
        """Return the answers as responses; Rasa takes the intents from the examples."""
        categories = self._categories()
        return Domain.from_dict(
            {
                "responses": {
                    f"utter_{entry.label}": [_response(entry)]
                    for category in categories
                    for entry in category.entries
                },
            }
        )

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return one rule a category."""
        rules = [_rule(category.id) for category in self._categories()]
        reader = YAMLStoryReader()
        return StoryGraph(reader.read_from_parsed_yaml({"version": "3.1", "rules": rules}))

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return every phrasing as an example of its entry."""
        return TrainingData(
            [
                _example(phrasing.text, entry)
                for category in self._categories()
                for entry in category.entries
                for phrasing in entry.phrasings
            ]
        )

    def get_conversation_tests(self) -> StoryGraph:
        """Return none: they stand in `tests/`, which RasaFileImporter reads."""
        return StoryGraph([])

    def get_config(self) -> dict[str, Any]:
        """Return none: RasaFileImporter reads the configuration."""
        return {}

    def get_config_file_for_auto_config(self) -> str | None:
        """Return none: see `get_config`."""
        return None

    def _categories(self) -> tuple[Category, ...]:
        # Rasa also imports folders of tests; the knowledge base belongs to none of them.
        folder = (self._home / FOLDER).resolve()
        if not any(_contains(path, folder) for path in self._paths):
            return ()
        if self._read is None:
            try:
                self._read = read_knowledge(self._home)
            except FileProblems as error:
                raise KnowledgeProblem(str(error)) from None
        return self._read


def _example(text: str, entry: Entry) -> Message:
    message: Message = Example.build(text, intent=entry.label)
    message.set("metadata", {"intent": {"title": entry.question.text}})
    return message


def _response(entry: Entry) -> dict[str, Any]:
    response: dict[str, Any] = {"text": Answer(entry.answer.text)}
    if entry.buttons:
        response["buttons"] = [{"title": b.text, "payload": b.text} for b in entry.buttons]
    if entry.page:
        response["custom"] = {"page": entry.page}
    return response


def _rule(category: str) -> dict[str, Any]:
    # Within a form RulePolicy goes back to the form after it, which asks again.
    steps = [{"intent": category}, {"action": f"utter_{category}"}]
    return {"rule": f"answer {category}", "steps": steps}


def _as_paths(paths: list[str] | str | None) -> list[Path]:
    if paths is None:
        return []
    return [Path(path).resolve() for path in ([paths] if isinstance(paths, str) else paths)]


def _contains(folder: Path, other: Path) -> bool:
    return folder == other or folder in other.parents
