"""Customers' words in files of ours: masked before, and encrypted with the data key."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

from kefu.storage.encryption import data_cipher

Stamp = tuple[int, int, int] | None


def sealed(texts: Iterable[str]) -> list[str]:
    """Return texts as a file of JSON keeps them."""
    cipher = data_cipher()
    return [base64.b64encode(cipher.encrypt(text)).decode("ascii") for text in texts]


def opened(kept: Iterable[str]) -> tuple[str, ...]:
    """Return what `sealed` was given. Raises DecryptionError."""
    cipher = data_cipher()
    return tuple(cipher.decrypt(base64.b64decode(one)) for one in kept)


def stamp(file: Path) -> Stamp:
    """Return what tells a state of a file from any other, None where there is no file."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
