"""What explains a message and stands in the model: its words, features and thresholds."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphSchema, SchemaNode
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

from kefu.explanation.errors import CannotExplain
from kefu.explanation.traced_wording import TracedWording
from kefu.nlu.classifier import EntryClassifier
from kefu.nlu.decision import Decision, Thresholds
from kefu.nlu.encoder_featurizer import EncoderFeaturizer
from kefu.nlu.encoders import Encoder, encoder
from kefu.nlu.normaliser import Normaliser
from kefu.nlu.recogniser import KnowledgeRecogniser
from kefu.nlu.text_features import TextFeatures
from kefu.nlu.wording import Wording
from kefu.normalise import normalise
from kefu.order_numbers import PLACEHOLDER, OrderNumberFinder

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Trained:
    """Parts of a model.

    Attributes:
        numbers: What finds order numbers.
        wording: Synonyms and pinyin.
        features: Characters and sounds as recognition sees them.
        classifier: What scores the labels.
        encoders: Those of the pipeline that are installed, in its order.
        thresholds: Of the decision.
    """

    numbers: OrderNumberFinder
    wording: TracedWording
    features: TextFeatures
    classifier: EntryClassifier
    encoders: tuple[Encoder, ...]
    thresholds: Thresholds

    @classmethod
    def read(cls, model: Path) -> Trained:
        """Read a model that Rasa can load. Raises CannotExplain where it is of another kind."""
        # Reading the metadata, Rasa warns of the domain once more.
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True):
            storage, metadata = LocalModelStorage.from_model_archive(Path(folder), model)
            nodes = _Nodes(metadata.predict_schema)
            features, classifier = _recogniser(storage, nodes)
            return cls(
                numbers=OrderNumberFinder(nodes.config(Normaliser)["order_number_patterns"]),
                wording=_wording(storage, nodes),
                features=features,
                classifier=classifier,
                encoders=tuple(_encoders(nodes)),
                thresholds=_thresholds(nodes.config(Decision)),
            )

    def normalised(self, text: str) -> str:
        """Return the spelling of a text, before its words are replaced."""
        return normalise(self.numbers.replace(text, PLACEHOLDER))

    def vectors(self, texts: Sequence[str]) -> list[Array]:
        """Return one array (texts, dimensions) an encoder."""
        return [each.encode(texts) for each in self.encoders]

    def in_scope(self, text: str) -> float:
        """Return how probable it is that a reworded text is any of the assistant's business."""
        return self.classifier.in_scope(text, [block[0] for block in self.vectors([text])])


class _Nodes:
    """The components of a model by their class."""

    def __init__(self, schema: GraphSchema) -> None:
        self.context = ExecutionContext(schema)
        self._nodes = tuple(schema.nodes.values())

    def all(self, component: type) -> list[SchemaNode]:
        return [node for node in self._nodes if node.uses is component]

    def config(self, component: Any) -> dict[str, Any]:
        """Return what a component was configured with, its defaults where it is missing."""
        given = self.all(component)
        return {**component.get_default_config(), **(given[0].config if given else {})}


def _recogniser(storage: ModelStorage, nodes: _Nodes) -> tuple[TextFeatures, EntryClassifier]:
    for node in nodes.all(KnowledgeRecogniser):
        with storage.read_from(node.resource) as folder:
            if EntryClassifier.is_in(folder):
                return TextFeatures.load(folder), EntryClassifier.load(folder)
    raise CannotExplain(
        "模型里没有训练好的 KnowledgeRecogniser，请检查 config.yml 的 pipeline，再执行 make train"
    )


def _wording(storage: ModelStorage, nodes: _Nodes) -> TracedWording:
    config = nodes.config(Wording)
    for node in nodes.all(Wording):
        loaded = TracedWording.load(config, storage, node.resource, nodes.context)
        assert isinstance(loaded, TracedWording)
        return loaded
    return TracedWording({**config, "pinyin": False}, storage, Resource("no wording"))


def _encoders(nodes: _Nodes) -> Iterator[Encoder]:
    for node in nodes.all(EncoderFeaturizer):
        name = {**EncoderFeaturizer.get_default_config(), **node.config}["encoder"]
        found = encoder(name)
        if found is not None:
            yield found


def _thresholds(config: Mapping[str, Any]) -> Thresholds:
    return Thresholds(
        config["answer_threshold"], config["answer_margin"], config["option_threshold"]
    )
