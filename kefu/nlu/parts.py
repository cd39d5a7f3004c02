"""Rasa component: what else there is to read in a message, beside the whole of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.negation import without_negated
from kefu.nlu.normaliser import NORMALISED, Normaliser
from kefu.nlu.training_labels import titles_of
from kefu.normalise import words

# Attributes of a message: its parts, and of a part what it is.
PARTS = "parts"
KIND = "part_kind"
# Metadata of a message: label of what was answered before it.
TOPIC = "topic"

Kind = Literal["clause", "rest", "follow_up"]

_TITLES = "titles.json"
_BORDER = re.compile(r"[，。！？；、,.!?;~…\n]+")
_OPENER = re.compile(
    r"^(?:你好|您好|哈喽|hello|hi|在吗|在么|在不在|有人吗|亲|老板|掌柜|打扰了?|还有就是|还有|另外|顺便|顺便问一?下|再问一?下)+"
    r"[啊呀哈的]?"
)
# Says nothing without the question before it: 那要多久, 运费呢, 多少钱.
_LEANS = re.compile(
    r"(?:那么?|还有|然后|所以|那我?要?是?)(?!样|个|些|里|边).{1,10}"
    r"|.{1,6}[呢咧][?？]?"
    r"|(?:大概|一般|需要|要|得|得要|是)?(?:多久|多长时间|几天|几个工作日|什么时候|啥时候|多少钱|多少|"
    r"怎么弄|怎么操作|怎么办理|在哪里?|哪里|谁出|谁付|为什么|为啥|收费吗|要钱吗|要收费吗|免费吗)"
    r"(?:到|能到|好|可以|才行|啊|呀|呢|的|了)*[?？]?"
)


# No featurizer to Rasa, which would hand every training example through it.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Parts(GraphComponent):
    """Sets `parts`: messages of their own, that the components after it read too.

    Clauses, for a question inside a long story and for two questions in one message;
    what remains without a negated clause (不是退款，我要换货); and, for a message that
    leans on the one before (那运费呢), the question before it together with it.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [Normaliser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            # Clauses read in a message; of more, the first two and the last ones.
            "most_clauses": 6,
            # Characters of words that a clause needs.
            "shortest_clause": 2,
        }

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        titles: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._most = config["most_clauses"]
        self._shortest = config["shortest_clause"]
        self._model_storage = model_storage
        self._resource = resource
        self._titles = titles or {}

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext,
    ) -> Parts:  # fmt: skip
        """Create an untrained component (see parent class for full docstring)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn what a label is called, for messages that lean on an answer."""
        self._titles = titles_of(training_data.intent_examples)
        with self._model_storage.write_to(self._resource) as folder:
            text = json.dumps(self._titles, ensure_ascii=False)
            (folder / _TITLES).write_text(text, encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the parts of each message; most have none."""
        for message in messages:
            text = message.get(NORMALISED)
            if text:
                topic = (message.get("metadata") or {}).get(TOPIC)
                message.set(PARTS, [_part(k, t) for k, t in self._parts(text, topic)])
        return messages

    def _parts(self, text: str, topic: str | None) -> Iterator[tuple[Kind, str]]:
        clauses = [_OPENER.sub("", clause) for clause in _BORDER.split(text)]
        clauses = [clause for clause in clauses if len(words(clause)) >= self._shortest]
        if clauses and clauses != [text]:
            if len(clauses) > self._most:
                clauses = [*clauses[:2], *clauses[2 - self._most :]]
            yield from (("clause", clause) for clause in clauses)
        rest = without_negated(text)
        if rest and len(words(rest)) >= self._shortest:
            yield "rest", rest
        title = self._titles.get(topic or "")
        if title and leans_on_the_one_before(text):
            yield "follow_up", f"{title}，{text}"

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext, **kwargs: Any,
    ) -> Parts:  # fmt: skip
        """Load a trained component (see parent class for full docstring)."""
        with model_storage.read_from(resource) as folder:
            titles = json.loads((folder / _TITLES).read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, titles)


def leans_on_the_one_before(text: str) -> bool:
    """Return whether a normalised message is understood only with the question before it."""
    return bool(_LEANS.fullmatch(text))


def parts_of(message: Message) -> list[Message]:
    """Return the parts of a message."""
    parts: list[Message] = message.get(PARTS) or []
    return parts


def with_parts(messages: Iterable[Message]) -> Iterator[Message]:
    """Yield every message and its parts."""
    for message in messages:
        yield message
        yield from parts_of(message)


def _part(kind: Kind, text: str) -> Message:
    return Message({NORMALISED: text, KIND: kind})
