"""Archives as Rasa makes them, holding only what calibrating reads, and homes that use them."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kefu.nlu.held_out import OUTSIDE, HeldOut
from tests.model import PROJECT

LABELS = ["a/x", "a/y", "greet"]
RESOURCE = "components/train_kefu.nlu.recogniser.KnowledgeRecogniser6"


def home(folder: Path, **files: bytes) -> Path:
    """Make a project directory with its own config.yml and one model."""
    made = folder / "home"
    made.mkdir()
    for name in ("config.yml", "settings.yml"):
        shutil.copy(PROJECT / name, made / name)
    archive(made / "models" / "model.tar.gz", **(files or parts()))
    return made


def archive(file: Path, **files: bytes) -> Path:
    """Write files of the recogniser, named without their ending, into an archive."""
    endings = {"held_out": "npz", "classifier": "json", "known": "json"}
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:gz") as made:
        for name, content in (("metadata.json", b"{}"), *_placed(files, endings)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return file


def _placed(files: dict[str, bytes], endings: dict[str, str]) -> Iterable[tuple[str, bytes]]:
    return [(f"{RESOURCE}/{name}.{endings[name]}", content) for name, content in files.items()]


def parts(outside: int = 40) -> dict[str, bytes]:
    """Return the recogniser's files: 100 questions, right above a score of 0.7, and others."""
    first = np.linspace(0.2, 0.999, 100)
    inside = np.stack([first, (1 - first) / 2, (1 - first) / 2], axis=1)
    truth = np.where(first > 0.7, 0, 1)
    beside = np.tile([0.55, 0.05, 0.01], (outside, 1))
    scores = np.concatenate([inside, beside]).astype(np.float32)
    labels = np.tile(np.arange(3, dtype=np.int32), (len(scores), 1))
    stored = HeldOut(scores, labels, np.append(truth, np.full(outside, OUTSIDE)).astype(np.int32))
    buffer = io.BytesIO()
    np.savez(buffer, scores=stored.scores, labels=stored.labels, truth=stored.truth)
    return {
        "held_out": buffer.getvalue(),
        "classifier": json.dumps({"labels": LABELS}).encode(),
        "known": json.dumps({"titles": {"a/x": "甲", "a/y": "乙"}}).encode(),
    }
