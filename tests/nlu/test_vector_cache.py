"""Vectors that are kept between trainings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kefu.nlu.vector_cache import VectorCache

VECTORS = np.array([[0.5, 0.25], [1.0, -1.0]], np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "use.npz"


def filled(file: Path) -> None:
    cache = VectorCache(file)
    cache.add(["退款", "发票"], VECTORS)
    cache.save()


def test_next_training_finds_the_vectors(file: Path) -> None:
    filled(file)
    cache = VectorCache(file)
    assert "退款" in cache
    assert "物流" not in cache
    assert cache["发票"].tolist() == [1.0, -1.0]
    assert cache["发票"].dtype == np.float32


def test_vectors_of_another_training_are_kept(file: Path) -> None:
    filled(file)
    cache = VectorCache(file)
    cache.add(["物流"], VECTORS[:1])
    cache.save()
    assert all(text in VectorCache(file) for text in ("退款", "发票", "物流"))


def test_file_holds_no_text(file: Path) -> None:
    filled(file)
    assert "退款".encode() not in file.read_bytes()


def test_broken_file_is_made_anew(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"PK\x03\x04 cut off")
    filled(file)
    assert "退款" in VectorCache(file)


def test_training_goes_on_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder", encoding="utf-8")
    filled(tmp_path / "cache" / "use.npz")
