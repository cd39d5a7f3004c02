"""A second model that differs from the first in the words of its answers, without a training."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

# Rasa answers with the domain that is kept here.
_METADATA = "metadata.json"


def reworded(model: Path, made: Path, words: str, others: str) -> None:
    """Write a model that says something else wherever the given one says `words`."""
    with tarfile.open(model) as given, tarfile.open(made, "w:gz", compresslevel=1) as new:
        for member in given.getmembers():
            content = _content(given, member)
            if member.name.endswith(_METADATA):
                metadata = json.dumps(json.loads(content), ensure_ascii=False)
                assert words in metadata, words
                content = metadata.replace(words, others).encode()
                member.size = len(content)
            new.addfile(member, io.BytesIO(content) if member.isfile() else None)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isfile() else None
    return file.read() if file is not None else b""
