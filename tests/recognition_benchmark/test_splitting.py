"""What is trained and what is tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.splitting import Material, split


def lines(label: str, number: int) -> list[Line]:
    return [Line(f"{label}的第{n}种问法", label) for n in range(number)]


def texts(found: Sequence[Line]) -> list[str]:
    return [line.text for line in found]


def test_the_rest_of_one_file_is_the_test() -> None:
    material = Material([*lines("退货", 8), *lines("发票", 6)], None)
    made = split(material, per_label=5, seed=1)
    assert Counter(line.label for line in made.train) == {"退货": 5, "发票": 5}
    assert Counter(line.label for line in made.test) == {"退货": 3, "发票": 1}
    assert not set(texts(made.train)) & set(texts(made.test))


def test_a_seed_always_draws_the_same_and_another_seed_something_else() -> None:
    material = Material([*lines("退货", 30), *lines("发票", 30)], None)
    assert split(material, 5, 1) == split(material, 5, 1)
    assert texts(split(material, 5, 1).train) != texts(split(material, 5, 2).train)


def test_a_label_more_does_not_change_what_is_drawn_of_the_others() -> None:
    both = split(Material([*lines("退货", 30), *lines("发票", 30)], None), 5, 1)
    three = [*lines("物流", 30), *lines("退货", 30), *lines("发票", 30)]
    drawn = split(Material(three, None), 5, 1)
    assert [x for x in texts(drawn.train) if not x.startswith("物流")] == texts(both.train)


def test_a_small_label_leaves_one_line_for_the_test() -> None:
    made = split(Material([*lines("退货", 20), *lines("发票", 3)], None), 10, 1)
    assert [line.label for line in made.train].count("发票") == 2
    assert [line.label for line in made.test].count("发票") == 1


def test_with_a_test_file_of_its_own_a_small_label_trains_with_all_it_has() -> None:
    material = Material([*lines("退货", 20), *lines("发票", 3)], [Line("票呢", "发票")])
    assert [line.label for line in split(material, 10, 1).train].count("发票") == 3


def test_without_a_number_everything_trains() -> None:
    material = Material([*lines("退货", 20), *lines("发票", 3)], [Line("票呢", "发票")])
    assert len(split(material, None, 1).train) == 23


def test_what_is_spelt_like_a_training_line_is_not_tested() -> None:
    train = [Line("怎么退货", "退货"), Line("怎么开发票", "发票"), Line("今天几号", "out_of_scope")]
    asked = [Line("怎么退货？", "退货"), Line("怎麼開發票", "发票"), Line("想退货", "退货")]
    rejected = [Line("今天几号!", "out_of_scope"), Line("明天呢", "out_of_scope")]
    made = split(Material(train, asked, rejected), None, 1)
    assert texts(made.test) == ["想退货"]
    assert texts(made.reject) == ["明天呢"]
    assert made.removed == 3


def test_the_projects_examples_are_not_tested_either() -> None:
    asked = [Line("想退货", "退货")]
    rejected = [Line("放首歌！", "out_of_scope"), Line("唱歌", "out_of_scope")]
    train = [*lines("退货", 2), *lines("发票", 2)]
    made = split(Material(train, asked, rejected, [Line("放首歌", "out_of_scope")]), None, 1)
    assert (texts(made.reject), made.removed) == (["唱歌"], 1)
    assert made.counts()["labels"] == 2


def test_out_of_scope_lines_of_the_test_file_are_to_be_rejected() -> None:
    asked = [Line("想退货", "退货"), Line("唱歌", "out_of_scope")]
    made = split(Material([*lines("退货", 2), *lines("发票", 2)], asked), None, 1)
    assert made.texts == ["想退货", "唱歌"]
    assert texts(made.reject) == ["唱歌"]


def test_labels_without_training_are_counted() -> None:
    asked = [Line("想退货", "退货"), Line("到哪了", "物流")]
    made = split(Material([*lines("退货", 2), *lines("发票", 2)], asked), None, 1)
    assert made.untrained == 1


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        ([Line("怎么退货", "退货"), Line("想退货", "退货")], [Line("退", "退货")], "两个分类"),
        ([Line("怎么退货", "退货"), Line("发票", "发票")], [Line("发票！", "发票")], "没有可测试"),
    ],
)
def test_nothing_to_measure_is_an_error(train: list[Line], test: list[Line], said: str) -> None:
    with pytest.raises(BenchmarkFailed, match=said):
        split(Material(train, test), None, 1)
