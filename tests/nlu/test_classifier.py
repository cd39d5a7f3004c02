"""The classifier behind recognition, trained on a few dozen texts with made-up vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kefu.nlu.classifier import EntryClassifier
from kefu.nlu.classifier_training import Settings, train
from kefu.nlu.heads import Training
from kefu.nlu.held_out import OUTSIDE, HeldOut

Array = npt.NDArray[Any]

INSIDE = {
    "refund_time": [
        "退款多久到账", "退款几天能到", "钱什么时候退回来", "退款要等多久", "退的钱几天到账",
        "多久能收到退款", "退款到账要几天", "什么时候能退钱给我",
    ],
    "invoice": [
        "怎么开发票", "发票在哪里开", "可以开电子发票吗", "我要开发票", "发票怎么申请",
        "能给我开张发票吗", "哪里可以开票", "公司报销要发票",
    ],
    "ship_time": [
        "下单后多久发货", "几天能发货", "什么时候发出来", "发货要等多久", "怎么还不发货",
        "今天能发货吗", "付款以后几天发货", "多久才发",
    ],
    "greet": ["你好", "您好", "在吗", "有人吗", "早上好", "哈喽", "客服在不在", "晚上好"],
}  # fmt: skip
BESIDE = [
    "今天天气怎么样", "放首歌听听", "明天早上叫我起床", "讲个笑话吧", "西红柿炒蛋怎么做",
    "股票还能买吗", "给我妈打个电话", "倒计时十分钟", "你喜欢吃什么", "附近有什么好玩的",
]  # fmt: skip
NEW = {
    "退款几天到": "refund_time",
    "哪里开电子发票": "invoice",
    "几天才能发货": "ship_time",
    "你好呀": "greet",
}
OUT = "out_of_scope"
HOW = Settings((1, 2), 0.4, 1000, Training(penalty=0.1, steps=200, folds=3, landmarks=50, seed=42))


def vectors(texts: Sequence[str], labels: Sequence[str]) -> Array:
    """Return what an encoder would: near to each other for texts of one label."""
    names = [*INSIDE, OUT]
    random = np.random.default_rng(len(texts))
    centres = np.eye(len(names), 16)[[names.index(label) for label in labels]]
    return (centres + 0.2 * random.normal(size=(len(texts), 16))).astype(np.float32)


def examples(outside: bool = True) -> tuple[list[str], list[str]]:
    pairs = [(text, label) for label, texts in INSIDE.items() for text in texts]
    pairs += [(text, OUT) for text in BESIDE] if outside else []
    return [text for text, _ in pairs], [label for _, label in pairs]


@lru_cache
def trained(outside: bool = True, encoders: int = 0, how: Settings = HOW) -> EntryClassifier:
    texts, labels = examples(outside)
    return train(texts, [vectors(texts, labels)] * encoders, labels, OUT, how)[0]


def best(classifier: EntryClassifier, text: str, given: Sequence[Array] = ()) -> str:
    return classifier.labels[int(classifier.scores(text, given).argmax())]


@pytest.mark.parametrize("encoders", [0, 1, 2])
@pytest.mark.parametrize(("text", "label"), NEW.items())
def test_new_phrasing_is_recognised(text: str, label: str, encoders: int) -> None:
    given = [vectors([text], [label])[0]] * encoders
    classifier = trained(encoders=encoders)
    assert best(classifier, text, given) == label
    assert classifier.scores(text, given).max() > 0.6


@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("text", [*NEW, "放首歌", "龘靐齉", "", "hello"])
def test_scores_are_probabilities(text: str, outside: bool) -> None:
    scores = trained(outside).scores(text)
    assert (scores >= 0).all()
    assert scores.sum() <= 1 + 1e-6


def test_vectors_tell_what_the_characters_do_not() -> None:
    classifier = trained(encoders=1)
    text = "钱包的钱咋没见着"
    for label in ("refund_time", "invoice", "ship_time"):
        given = [vectors([text], [label])[0]]
        assert best(classifier, text, given) == label


@pytest.mark.parametrize(("text", "label"), NEW.items())
def test_model_trained_with_vectors_answers_without_them(text: str, label: str) -> None:
    """On a machine that lacks the encoder's package."""
    classifier = trained(encoders=1)
    assert best(classifier, text) == label
    assert 0.5 < classifier.scores(text).max() <= 1


def test_model_trained_without_vectors_ignores_them() -> None:
    classifier = trained()
    given = [vectors(["你好"], ["invoice"])[0]]
    assert np.array_equal(classifier.scores("退款几天到", given), classifier.scores("退款几天到"))


def test_what_is_outside_is_no_label_and_lowers_the_scores() -> None:
    knowing, unknowing = trained(outside=True), trained(outside=False)
    assert knowing.labels == unknowing.labels == sorted(INSIDE)
    for text in ("今天股票怎么样", "给我放首歌", "明天几点起床"):
        assert knowing.scores(text).sum() < 0.5 < unknowing.scores(text).sum()
        assert knowing.in_scope(text) == pytest.approx(knowing.scores(text).sum(), abs=1e-5)
        assert unknowing.in_scope(text) == 1
    assert all(knowing.in_scope(text) > 0.7 for text in NEW)


def test_characters_that_training_has_not_seen_are_counted() -> None:
    assert trained().known_share("龘靐退款") == 0.5


@pytest.mark.parametrize("encoders", [0, 1])
@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("dimensions", [1000, 3])
def test_loaded_classifier_answers_the_same(
    tmp_path: Path, outside: bool, encoders: int, dimensions: int
) -> None:
    """Nearly: the weights are stored in half precision."""
    how = Settings(HOW.ngrams, HOW.sound_weight, dimensions, HOW.training)
    classifier = trained(outside, encoders, how)
    assert not EntryClassifier.is_in(tmp_path)
    classifier.save(tmp_path)
    assert EntryClassifier.is_in(tmp_path)
    loaded = EntryClassifier.load(tmp_path)
    assert loaded.labels == classifier.labels
    for text, label in {**NEW, "给我放首歌": OUT}.items():
        for given in ([], [vectors([text], [label])[0]] * encoders):
            assert best(loaded, text, given) == best(classifier, text, given)
            expected = classifier.scores(text, given)
            assert np.allclose(loaded.scores(text, given), expected, atol=0.01)


@pytest.mark.parametrize(("dimensions", "kept"), [(1000, False), (3, True)])
def test_more_labels_than_dimensions_keep_the_n_grams_reduced(
    tmp_path: Path, dimensions: int, kept: bool
) -> None:
    """Weights on n-grams for each of thousands of labels would make a model of gigabytes."""
    how = Settings(HOW.ngrams, HOW.sound_weight, dimensions, HOW.training)
    trained(how=how).save(tmp_path)
    with np.load(tmp_path / "weights.npz") as stored:
        assert ("basis" in stored.files) == kept
        rows = len(stored["plain.meaning.text"])
    assert rows == dimensions if kept else rows > 2 * len(examples()[0])


def test_labels_of_one_phrasing_each_can_be_trained() -> None:
    texts, labels = ["怎么退款", "怎么开发票", "你好"], ["refund", "invoice", "greet"]
    classifier, held_out = train(texts, [], labels, OUT, HOW)
    for text, label in (("想退款", "refund"), ("开票", "invoice"), ("您好", "greet")):
        assert best(classifier, text) == label
    assert len(held_out.truth) == 0


def test_every_example_is_held_out_with_its_right_label() -> None:
    texts, labels = examples()
    classifier, held_out = train(texts, [], labels, OUT, HOW)
    expected = [classifier.labels.index(x) if x != OUT else OUTSIDE for x in labels]
    assert sorted(held_out.truth) == sorted(expected)
    assert held_out.scores.shape == held_out.labels.shape == (len(texts), 4)
    assert (np.diff(held_out.scores, axis=1) <= 0).all()
    assert held_out.scores.sum(axis=1).max() <= 1 + 1e-5


def test_held_out_scores_tell_right_from_wrong() -> None:
    """They are what thresholds are chosen from."""
    texts, labels = examples()
    _, held_out = train(texts, [vectors(texts, labels)], labels, OUT, HOW)
    inside = held_out.truth != OUTSIDE
    right = held_out.labels[:, 0] == held_out.truth
    assert right[inside].mean() > 0.8
    assert held_out.scores[inside, 0].mean() > held_out.scores[~inside, 0].mean() + 0.2


def test_held_out_rows_keep_the_best_candidates_also_on_disk(tmp_path: Path) -> None:
    scores = np.array([[0.1, 0.5, 0.2, 0.05, 0.15], [0.3, 0.1, 0.3, 0.2, 0.1]])
    HeldOut.of(scores, np.array([1, OUTSIDE])).save(tmp_path)
    loaded = HeldOut.load(tmp_path)
    assert loaded.labels[:, :4].tolist() == [[1, 2, 4, 0], [0, 2, 3, 1]]
    assert loaded.scores[:, :4].ravel().tolist() == pytest.approx(
        [0.5, 0.2, 0.15, 0.1, 0.3, 0.3, 0.2, 0.1]
    )
    assert loaded.truth.tolist() == [1, OUTSIDE]


def test_of_many_labels_only_the_best_candidates_are_held() -> None:
    held_out = HeldOut.of(np.random.default_rng(0).random((5, 1000)), np.arange(5))
    assert held_out.labels.shape[1] < 20
