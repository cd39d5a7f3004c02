"""What a model's archive holds for calibrating: read without Rasa, which takes seconds to load."""

from __future__ import annotations

import json
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from kefu.calibration.costs import Examples
from kefu.calibration.errors import CalibrationFailed
from kefu.loaded_model import NoModel
from kefu.nlu import held_out
from kefu.nlu.held_out import OUTSIDE, HeldOut

_RECOGNISER = "KnowledgeRecogniser"
_CLASSIFIER = "classifier.json"
_KNOWN = "known.json"
_WANTED = (held_out.FILE, _CLASSIFIER, _KNOWN)


@dataclass(frozen=True)
class Trained:
    """Of a model.

    Attributes:
        file: The archive.
        labels: Every label, by its index.
        titled: Labels that can be offered as options.
        held_out: Candidates of the training examples; None in a model that lacks them.
    """

    file: Path
    labels: Sequence[str]
    titled: frozenset[str]
    held_out: HeldOut | None

    def examples(self) -> Examples:
        """Return the held-out examples. Raises CalibrationFailed where there are none."""
        found = self.held_out
        if found is None:
            raise CalibrationFailed(
                f"模型 {self.file} 里没有训练时留出的识别结果，"
                "请执行 make train，或用 --questions 指定标注过的问题"
            )
        titled = np.array([label in self.titled for label in self.labels])
        right = found.labels == found.truth[:, None]
        return Examples.of(found.scores, right, titled[found.labels], found.truth == OUTSIDE)


def read(model: Path) -> Trained:
    """Read what `KnowledgeRecogniser` stored in the model.

    Raises:
        NoModel: The file is no model, or has no trained recogniser.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        try:
            _extract(model, folder)
        except (OSError, EOFError, tarfile.TarError, zlib.error):
            raise NoModel(f"{model} 不是可用的模型，请执行 make train") from None
        if not (folder / _CLASSIFIER).exists():
            raise NoModel(f"模型 {model} 里没有训练好的识别，请执行 make train")
        classifier = json.loads((folder / _CLASSIFIER).read_text(encoding="utf-8"))
        known = json.loads((folder / _KNOWN).read_text(encoding="utf-8"))
        stored = HeldOut.load(folder) if (folder / held_out.FILE).exists() else None
    return Trained(model, classifier["labels"], frozenset(known["titles"]), stored)


def _extract(model: Path, folder: Path) -> None:
    with tarfile.open(model, "r:gz") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            content = archive.extractfile(member) if _RECOGNISER in path.parent.name else None
            if content is not None and path.name in _WANTED:
                (folder / path.name).write_bytes(content.read())
