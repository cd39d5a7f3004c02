"""The pipelines that are compared, each written as a small Rasa project of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kefu import marked_yaml
from kefu.errors import FileProblems
from kefu.labels import DENY, OUT_OF_SCOPE, REQUEST_HUMAN
from kefu.recognition_benchmark.data import Line

OURS = "ours"
RASA = "rasa"

# Names that our decision gives by itself; any other label gets a name that means nothing to it.
_KEPT_NAMES = frozenset({OUT_OF_SCOPE, REQUEST_HUMAN, DENY})
_KEPT_KEYS = ("recipe", "language", "assistant_id", "pipeline")
_PATH_KEYS = ("path", "file", "folder", "dir", "directory")
# Entities are not measured; to Rasa, two WeChat emoji in a row (「[微笑][微笑]」) are one.
_ENTITY_OPENINGS = ("](", "]{", "][")


@dataclass(frozen=True)
class Pipeline:
    """What is trained besides the examples.

    Attributes:
        config: Content of config.yml.
        synonyms: Items of nlu.yml that name words of the same meaning.
    """

    config: dict[str, Any]
    synonyms: Sequence[dict[str, Any]] = ()


def suggested() -> Pipeline:
    """Return what Rasa suggests for Chinese, as of 3.6."""
    config = {
        "recipe": "default.v1",
        "language": "zh",
        "assistant_id": "kefu_benchmark",
        "pipeline": [
            {"name": "JiebaTokenizer"},
            {"name": "RegexFeaturizer", "use_word_boundaries": False},
            {"name": "LexicalSyntacticFeaturizer"},
            {"name": "CountVectorsFeaturizer"},
            {
                "name": "CountVectorsFeaturizer",
                "analyzer": "char_wb",
                "min_ngram": 1,
                "max_ngram": 4,
            },
            {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
        ],
    }
    return Pipeline(config)


def ours(home: Path, file: Path) -> Pipeline:
    """Return the recognition part of a config file, and the project's synonyms.

    Paths below `home` are made absolute.

    Raises:
        FileProblems: A file cannot be read, or there is no pipeline.
    """
    source = marked_yaml.read(file)
    if not isinstance(source.data, dict) or not source.data.get("pipeline"):
        raise FileProblems([source.problem("缺少 pipeline，请恢复 Rasa 的配置")])
    kept = {key: value for key, value in source.data.items() if key in _KEPT_KEYS}
    return Pipeline(_absolute(kept, home), _synonyms(home))


def write_project(folder: Path, pipeline: Pipeline, lines: Sequence[Line]) -> dict[str, str]:
    """Write config.yml, domain.yml and nlu.yml; return intent -> label.

    Labels may hold anything, names of intents may not. The label is the title of its
    intent, without which our decision offers nothing.
    """
    intents = _intents({line.label for line in lines})
    examples: dict[str, list[str]] = {label: [] for label in intents}
    for line in lines:
        examples[line.label].append(_as_example(line.text))
    nlu = [_item(intents[label], label, texts) for label, texts in examples.items()]
    domain = {"version": "3.1", "intents": list(intents.values())}
    for name, content in (
        ("config.yml", pipeline.config),
        ("domain.yml", domain),
        ("nlu.yml", {"version": "3.1", "nlu": [*nlu, *pipeline.synonyms]}),
    ):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")
    return {intent: label for label, intent in intents.items()}


def _intents(labels: set[str]) -> dict[str, str]:
    numbered = enumerate(sorted(labels - _KEPT_NAMES), 1)
    kept = {label: label for label in sorted(labels & _KEPT_NAMES)}
    return {label: f"q{number:04d}" for number, label in numbered} | kept


def _item(intent: str, label: str, texts: Sequence[str]) -> dict[str, Any]:
    titled = {} if intent == OUT_OF_SCOPE else {"metadata": {"title": label}}
    # One text, not a list: Rasa checks each item of a list against its schema, which is slow.
    return {"intent": intent, **titled, "examples": "".join(f"- {text}\n" for text in texts)}


def _as_example(text: str) -> str:
    line = " ".join(text.split())
    for opening in _ENTITY_OPENINGS:
        line = line.replace(opening, f"] {opening[1]}")
    return line


def _synonyms(home: Path) -> list[dict[str, Any]]:
    sources = [marked_yaml.read(file) for file in sorted((home / "data" / "nlu").glob("*.yml"))]
    items = [item for source in sources for item in (source.data or {}).get("nlu") or []]
    return [item for item in items if "synonym" in item]


def _absolute(value: Any, home: Path, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _absolute(inner, home, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_absolute(inner, home, key) for inner in value]
    if not isinstance(value, str) or not ("/" in value or key.endswith(_PATH_KEYS)):
        return value
    return str(home / value) if value and (home / value).exists() else value
