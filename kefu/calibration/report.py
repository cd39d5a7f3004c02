"""What `kefu calibrate` is asked, does and prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Column, Table

from kefu.calibration import archive, asked, curve
from kefu.calibration.choice import Choice, choose
from kefu.calibration.config_file import read_thresholds
from kefu.calibration.costs import Examples, Figures, Prices, Thresholds, figures
from kefu.calibration.errors import CalibrationFailed
from kefu.labelled import read_questions
from kefu.loaded_model import NoModel
from kefu.training import newest_model

CONFIG = "config.yml"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _cost(value: float) -> str:
    return f"{value:.3f}"


_THRESHOLDS = (
    ("直接回答阈值", "answer_threshold"),
    ("领先第二名", "answer_margin"),
    ("给出选项阈值", "option_threshold"),
)
_FIGURES: tuple[tuple[str, str, Callable[..., str]], ...] = (
    ("直接回答", "answered", _percent),
    ("给出选项", "options", _percent),
    ("没有听懂", "not_recognised", _percent),
    ("答错", "wrong", _percent),
    ("范围外被回答", "false_answers", _percent),
    ("范围外给选项", "false_options", _percent),
    ("每条消息的代价", "cost", _cost),
)


@dataclass(frozen=True)
class Plan:
    """What the command was given.

    Attributes:
        prices: What the outcomes cost.
        most_false: Upper limit on the share of out-of-scope messages that are answered.
        model: Model file, None for the newest.
        questions: Labelled files; none for the model's held-out scores.
    """

    prices: Prices
    most_false: float
    model: Path | None = None
    questions: tuple[Path, ...] = ()

    def check(self) -> None:
        """Raise CalibrationFailed where a value means nothing."""
        # Written so that not-a-number fails too.
        if not 0 <= self.prices.wrong_answer < float("inf"):
            raise CalibrationFailed("--price 应为 0 或更大的数字，例如 5")
        shares = {"--outside-share": self.prices.outside_share, "--most-false": self.most_false}
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise CalibrationFailed(f"{name} 应为 0 到 1 的数字，例如 0.05")


@dataclass(frozen=True)
class Calibration:
    """What was found.

    Attributes:
        plan: What was asked for.
        model: The model whose recognition it is.
        examples: What it was found on.
        present: Thresholds in use.
        choice: The proposed ones.
    """

    plan: Plan
    model: Path
    examples: Examples
    present: Thresholds
    choice: Choice

    def print(self, console: Console) -> None:
        """Print data, table and remarks."""
        outside = int(self.examples.outside.sum())
        inside = len(self.examples.outside) - outside
        source = "标注过的问题" if self.plan.questions else "训练时留出的识别结果"
        console.print(f"模型：{self.model.name}")
        console.print(f"数据：{source}，范围内 {inside:,} 条，范围外 {outside:,} 条")
        console.print(self._table())
        for remark in self._remarks():
            console.print(f"• {remark}")

    def draw(self, file: Path) -> None:
        """Draw the curve as SVG."""
        prices, most_false = self.plan.prices, self.plan.most_false
        curve.draw(self.examples, self.present, self.choice.thresholds, prices, most_false, file)

    def figures(self, thresholds: Thresholds) -> Figures:
        """Return what thresholds lead to on these examples."""
        return figures(self.examples, thresholds, self.plan.prices)

    def _table(self) -> Table:
        columns = (Column(title, justify="right", no_wrap=True) for title in ("现在", "建议"))
        table = Table(
            Column("", no_wrap=True), *columns, box=box.SIMPLE, pad_edge=False,
            padding=(0, 2, 0, 0),
        )  # fmt: skip
        both = (self.present, self.choice.thresholds)
        for title, name in _THRESHOLDS:
            table.add_row(title, *(f"{getattr(each, name):g}" for each in both))
        table.add_section()
        for title, name, shape in _FIGURES:
            table.add_row(title, *(shape(getattr(self.figures(each), name)) for each in both))
        return table

    def _remarks(self) -> Iterator[str]:
        limit = f"{self.plan.most_false:.1%}"
        false_answers = self.figures(self.present).false_answers
        if false_answers is None:
            yield "数据里没有范围外的话，--outside-share 和 --most-false 没有起作用"
        elif not self.choice.within_limit:
            yield f"没有一组阈值能让范围外被回答的不超过 {limit}，建议的是最接近的"
        elif false_answers > self.plan.most_false:
            yield f"现在的阈值下，范围外被回答的超过 {limit}"


def calibrate(plan: Plan, home: Path, console: Console) -> Calibration:
    """Choose the thresholds for the project in `home`; nothing is written.

    Raises:
        NoModel: There is no model, or it cannot be read.
        CalibrationFailed: The model holds no data, or no question is in scope.
        FileProblems: config.yml or a file of questions cannot be read.
    """
    plan.check()
    present = read_thresholds(home / CONFIG)
    model = plan.model or newest_model(home)
    if model is None:
        raise NoModel("还没有模型，请先执行 make train")
    examples = _examples(plan, archive.read(model), console)
    if examples.outside.all():
        raise CalibrationFailed("数据里没有范围内的问题，请加上标注了分类和条目的问题")
    choice = choose(examples, plan.prices, plan.most_false, present)
    return Calibration(plan, model, examples, present, choice)


def _examples(plan: Plan, trained: archive.Trained, console: Console) -> Examples:
    if not plan.questions:
        return trained.examples()
    questions = [question for file in plan.questions for question in read_questions(file)]
    return asked.examples(
        questions, asked.decide_all(questions, trained.file, console), trained.titled
    )
