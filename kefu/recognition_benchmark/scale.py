"""`kefu benchmark --scale`: what more entries cost, on entries made up for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

import yaml
from rich.console import Console

from kefu.normalise import match_key
from kefu.recognition_benchmark import figures
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.figures import Figures
from kefu.recognition_benchmark.pipelines import Pipeline, ours
from kefu.recognition_benchmark.splitting import Split

TRAINED = 10
TESTED = 2
_SEED = 7
_WORDS = Path(__file__).with_name("scale_words.yml")


@dataclass(frozen=True)
class Row:
    """One size; without figures where it could not be measured."""

    entries: int
    figures: Figures | None


@dataclass(frozen=True)
class Words:
    """What entries are made of: each product with each question is one.

    Attributes:
        products, questions: Several names or wordings of each.
        frames: Sentences around {n}, a product's name, and {q}, a question's wording.
    """

    products: Sequence[Sequence[str]]
    questions: Sequence[Sequence[str]]
    frames: Sequence[str]

    @property
    def largest(self) -> int:
        """Return how many entries can be made."""
        return len(self.products) * len(self.questions)


@lru_cache(maxsize=1)
def words() -> Words:
    """Return the words that come with the program."""
    return Words(**yaml.safe_load(_WORDS.read_text(encoding="utf-8")))


def read_sizes(text: str) -> list[int]:
    """Read "100,500". Raises BenchmarkFailed for anything that cannot be made."""
    given = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    largest = words().largest
    if not given or any(not part.isdecimal() or not 2 <= int(part) <= largest for part in given):
        raise BenchmarkFailed(f"--scale 应为 2 到 {largest} 的整数，用逗号分开，如 100,500,1000")
    return sorted({int(part) for part in given})


def entries(number: int) -> Split:
    """Make `number` entries with TRAINED and TESTED phrasings each; the same at every call."""
    known = words()
    pairs = [(p, q) for p in range(len(known.products)) for q in range(len(known.questions))]
    chosen = Random(_SEED).sample(pairs, len(pairs))[:number]
    train: list[Line] = []
    test: list[Line] = []
    for product, question in chosen:
        names, wordings = known.products[product], known.questions[question]
        label = f"{names[0]}：{wordings[0]}"
        lines = [Line(text, label) for text in _phrasings(names, wordings, known.frames)]
        train += lines[:TRAINED]
        test += lines[TRAINED:]
    return Split(_SEED, train, test, (), 0)


def _phrasings(names: Sequence[str], wordings: Sequence[str], frames: Sequence[str]) -> list[str]:
    """Return phrasings of one entry that no spelling makes equal, in an order of their own."""
    made = [frame.format(n=n, q=q) for n in names for q in wordings for frame in frames]
    distinct: dict[str, str] = {}
    for text in Random(f"{names[0]}/{wordings[0]}").sample(made, len(made)):
        distinct.setdefault(match_key(text), text)
        if len(distinct) == TRAINED + TESTED:
            break
    return list(distinct.values())


def measure(sizes: Sequence[int], home: Path, config: Path | None, console: Console) -> list[Row]:
    """Train and measure our pipeline with each size; one that fails leaves a row without figures.

    Raises:
        FileProblems: The config file cannot be read.
        BenchmarkFailed: No size could be measured.
    """
    chosen = ours(home, config or home / "config.yml")
    rows = [_row(size, chosen, console) for size in sizes]
    if all(row.figures is None for row in rows):
        raise BenchmarkFailed("没有测出结果，原因见上")
    return rows


def _row(size: int, pipeline: Pipeline, console: Console) -> Row:
    return Row(size, figures.measure(pipeline, entries(size), f"{size} 个条目", console))
