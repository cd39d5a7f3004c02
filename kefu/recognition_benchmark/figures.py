"""The figures of one run, and their mean over several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from statistics import fmean
from typing import Any

from rich.console import Console

from kefu.bench_report import percentile
from kefu.evaluation import Recognised
from kefu.labels import OUT_OF_SCOPE
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.pipelines import Pipeline
from kefu.recognition_benchmark.runs import Run, run
from kefu.recognition_benchmark.splitting import Split


@dataclass(frozen=True)
class Figures:
    """What is reported; shares between 0 and 1, None where nothing could be counted.

    Attributes:
        top1, top3: Share of test lines whose label is first, or among the first three.
        answered, options, not_recognised: Shares of the three outcomes.
        wrong: Share of all test lines that were answered with a wrong label.
        false_answers: Share of the lines to reject that were answered.
        training_seconds, load_seconds: Of the whole `rasa train nlu`; of loading the model.
        p50, p99: Milliseconds of recognising one message.
        memory_megabytes, model_megabytes: Of the process after the test; of the model's file.
        false_answers_by_kind: The share for each kind of line to reject.
    """

    top1: float | None
    top3: float | None
    answered: float | None
    options: float | None
    not_recognised: float | None
    wrong: float | None
    false_answers: float | None
    training_seconds: float | None
    load_seconds: float | None
    p50: float | None
    p99: float | None
    memory_megabytes: float | None
    model_megabytes: float | None
    false_answers_by_kind: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return asdict(self)


def measure(pipeline: Pipeline, split: Split, title: str, console: Console) -> Figures | None:
    """Train and measure; None, and the reason on the console, where that failed.

    A failure is no reason to lose what was measured before: it may have taken an hour.
    """
    try:
        return figures(split, run(pipeline, split.train, split.texts, title, console))
    except BenchmarkFailed as error:
        console.print(f"✘ {error}", markup=False)
        return None


def figures(split: Split, run: Run) -> Figures:
    """Compute the figures of a run on the texts of the split."""
    border = len(split.test)
    tested = list(zip(split.test, run.recognised[:border], strict=True))
    rejected = list(zip(split.reject, run.recognised[border:], strict=True))
    outcomes = [found.outcome for _, found in tested]
    return Figures(
        top1=_share([found.best == line.label for line, found in tested]),
        top3=_share([line.label in found.ranking[:3] for line, found in tested]),
        answered=_share([outcome == "answer" for outcome in outcomes]),
        options=_share([outcome == "options" for outcome in outcomes]),
        not_recognised=_share([outcome == "not_recognised" for outcome in outcomes]),
        wrong=_share([f.outcome == "answer" and f.best != line.label for line, f in tested]),
        false_answers=_share([_answers(found) for _, found in rejected]),
        training_seconds=run.training_seconds,
        load_seconds=run.load_seconds,
        p50=percentile(run.milliseconds, 50),
        p99=percentile(run.milliseconds, 99),
        # 0 says that it could not be found out.
        memory_megabytes=run.memory_megabytes or None,
        model_megabytes=run.model_megabytes,
        false_answers_by_kind=_by_kind(rejected),
    )


def mean(runs: Sequence[Figures | None]) -> Figures:
    """Return the mean of every figure over the runs in which it could be counted."""
    each = [one for one in runs if one is not None]
    plain = [field.name for field in fields(Figures) if field.name != "false_answers_by_kind"]
    kinds = sorted({kind for one in each for kind in one.false_answers_by_kind})
    return Figures(
        **{name: _mean([getattr(one, name) for one in each]) for name in plain},
        false_answers_by_kind={
            kind: _mean([one.false_answers_by_kind.get(kind) for one in each]) for kind in kinds
        },
    )


def _answers(found: Recognised) -> bool:
    return found.outcome == "answer" and found.best != OUT_OF_SCOPE


def _by_kind(rejected: Sequence[tuple[Line, Recognised]]) -> dict[str, float | None]:
    kinds = sorted({line.kind for line, _ in rejected if line.kind})
    return {
        kind: _share([_answers(found) for line, found in rejected if line.kind == kind])
        for kind in kinds
    }


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _mean(values: Sequence[float | None]) -> float | None:
    counted = [value for value in values if value is not None]
    return fmean(counted) if counted else None
