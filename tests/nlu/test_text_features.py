"""What recognition sees of a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kefu.nlu.text_features import TextFeatures

TEXTS = ["怎么退款", "退款多久到账", "怎么换货", "换货要多久", "发票怎么开", "vip怎么升级", "你好"]
NGRAMS = (1, 2)


def fitted(sound_weight: float = 0.4) -> TextFeatures:
    return TextFeatures.fit(TEXTS, NGRAMS, sound_weight)


def similarity(features: TextFeatures, one: str, other: str) -> float:
    rows = features.many([one, other]).toarray()
    return float(rows[0] @ rows[1])


def test_known_text_has_a_vector_of_length_one() -> None:
    features = fitted()
    rows = features.many(TEXTS)
    assert rows.shape == (len(TEXTS), features.size)
    assert np.linalg.norm(rows.toarray(), axis=1) == pytest.approx(1, abs=1e-5)


def test_homophone_typed_by_mistake_is_near_to_what_was_meant() -> None:
    features = fitted()
    meant, other = (similarity(features, "怎么退宽", text) for text in ("怎么退款", "怎么换货"))
    assert meant > other
    assert similarity(features, "发漂", "发票") > similarity(features, "你嚎", "发票")


@pytest.mark.parametrize("sound_weight", [0.0, 1.0])
def test_characters_or_sounds_can_be_all_that_counts(sound_weight: float) -> None:
    features = fitted(sound_weight)
    # No character in common, every sound.
    assert similarity(features, "法飘", "发票") == pytest.approx(sound_weight, abs=1e-5)


def test_rare_characters_count_more_than_frequent_ones() -> None:
    features = fitted()
    rare, frequent = (similarity(features, "怎么开票", t) for t in ("发票怎么开", "怎么退款"))
    assert rare > frequent


@pytest.mark.parametrize("text", ["", "龘靐齉", "?!"])
def test_text_of_nothing_known_has_no_features(text: str) -> None:
    indices, values = fitted().one(text)
    assert (len(indices), len(values)) == (0, 0)


@pytest.mark.parametrize(
    ("text", "share"),
    [("怎么退款", 1), ("退 款", 1), ("龘靐齉", 0), ("龘靐退款", 0.5), ("", 0), ("qwzx", 0)],
)
def test_known_share_is_that_of_the_characters(text: str, share: float) -> None:
    assert fitted().known_share(text) == share


def test_many_texts_have_the_features_of_each() -> None:
    features = fitted()
    texts = ["怎么退款退款", "龘", "vip"]
    rows = features.many(texts).toarray()
    for row, text in zip(rows, texts, strict=True):
        indices, values = features.one(text)
        assert np.allclose(row[indices], values)
        assert np.count_nonzero(row) == len(indices)


def test_saved_features_are_the_same(tmp_path: Path) -> None:
    features = fitted()
    features.save(tmp_path)
    loaded = TextFeatures.load(tmp_path)
    assert (loaded.ngrams, loaded.sound_weight, loaded.size) == (NGRAMS, 0.4, features.size)
    for text in ("怎么退宽", "vip多久"):
        assert np.array_equal(loaded.one(text)[0], features.one(text)[0])
        assert np.allclose(loaded.one(text)[1], features.one(text)[1], atol=1e-4)
