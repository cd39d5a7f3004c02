"""The entries that are made up for the benchmark, and what is drawn of their figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from kefu.recognition_benchmark import scale_report
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.figures import figures
from kefu.recognition_benchmark.scale import Row, entries, read_sizes, words
from tests.recognition_benchmark.test_figures import a_split, run


def test_every_entry_has_its_phrasings_and_no_two_are_alike() -> None:
    made = entries(300)
    assert set(Counter(line.label for line in made.train).values()) == {10}
    assert Counter(line.label for line in made.test) == dict.fromkeys(made.labels, 2)
    assert len(made.labels) == 300
    assert len({line.key for line in (*made.train, *made.test)}) == 300 * 12


def test_entries_are_always_the_same_and_more_of_them_begin_alike() -> None:
    assert entries(40) == entries(40)
    assert list(entries(80).train)[:400] == entries(40).train


def test_names_and_wordings_mean_one_thing_each() -> None:
    for group in (words().products, words().questions):
        known = [name for names in group for name in names]
        assert len(set(known)) == len(known)


def test_sizes_are_read_in_order_and_once() -> None:
    assert read_sizes(" 500,100，500") == [100, 500]
    assert read_sizes("100,500,1000,2000,5000")[-1] == 5000


@pytest.mark.parametrize("text", ["", ",", "1", "100,x", "-5", "1.5", "999999"])
def test_sizes_that_cannot_be_made_are_an_error(text: str) -> None:
    with pytest.raises(BenchmarkFailed, match="--scale 应为 2 到"):
        read_sizes(text)


def test_a_size_that_failed_leaves_a_gap(tmp_path: Path) -> None:
    rows = [Row(100, figures(a_split(), run())), Row(5000, None)]
    console = Console(width=80)
    with console.capture() as captured:
        console.print(scale_report.table(rows))
    lines = [line.split() for line in captured.get().splitlines() if line.strip()]
    assert ["100", "20.0", "5.0", "9.0", "700", "20.0%", "1.5"] in lines
    assert ["5,000", *["–"] * 6] in lines
    scale_report.draw(rows, tmp_path / "results/scale.png")
    assert (tmp_path / "results/scale.png").read_bytes().startswith(b"\x89PNG")
    sizes = scale_report.as_dict(rows)["sizes"]
    assert (sizes["100"]["top1"], sizes["5000"]) == (0.2, None)
