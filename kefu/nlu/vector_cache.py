"""Vectors of training phrasings, kept between trainings: encoding them is a third of the work."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_KEY_BYTES = 16
# Vectors in the file; 60 MB.
_MOST = 60_000


class VectorCache:
    """Vectors by text, in half precision so that a training with and without it are alike.

    The file holds digests instead of texts. Beyond _MOST, what the last training did not
    ask for is forgotten; a file that cannot be read is made anew.
    """

    def __init__(self, file: Path) -> None:
        """Read the vectors of the last training, if there are any."""
        self._file = file
        self._known = _read(file)
        self._used: dict[bytes, Array] = {}

    def __contains__(self, text: str) -> bool:
        return _key(text) in self._known

    def __getitem__(self, text: str) -> Array:
        """Return the vector of a text as float32."""
        key = _key(text)
        vector = self._used[key] = self._known[key]
        return vector.astype(np.float32)

    def add(self, texts: Sequence[str], vectors: Array) -> None:
        """Remember vectors (texts, dimensions)."""
        for text, vector in zip(texts, vectors.astype(np.float16), strict=True):
            self._known[_key(text)] = self._used[_key(text)] = vector

    def save(self) -> None:
        """Write what is known; training goes on when that is not possible."""
        known = list({**self._used, **self._known}.items())[: max(_MOST, len(self._used))]
        keys = np.frombuffer(b"".join(key for key, _ in known), f"S{_KEY_BYTES}")
        draft = self._file.with_suffix(".new.npz")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(draft, keys=keys, vectors=np.array([v for _, v in known]))
            draft.replace(self._file)
        except OSError:
            with suppress(OSError):
                draft.unlink()


def _key(text: str) -> bytes:
    # No zero bytes at the end, which NumPy's byte strings lose.
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_BYTES].encode()


def _read(file: Path) -> dict[bytes, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
