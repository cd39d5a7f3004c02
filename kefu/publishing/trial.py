"""Asking a model, and remembering what it said: the same model says the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kefu.environment import environment
from kefu.evaluation import Recognised, answers
from kefu.loaded_model import load
from kefu.publishing import kept, places

Tell = Callable[[float], None]
"""Told which share of the questions is answered, 0 to 1; what it raises ends the trial."""


def try_model(model: Path, texts: Iterable[str], opened: Tell, tell: Tell) -> dict[str, Recognised]:
    """Ask a model and return its answers by the questions.

    Args:
        model: Its file.
        texts: What to ask.
        opened: Told once when the model is loaded, unless all answers are known.
        tell: Told of the progress.

    Raises:
        NoModel: The file is no model that can be loaded.
    """
    asked = list(texts)
    known = _remembered(model)
    new = [text for text in asked if text not in known]
    if new:
        loaded = load(model)
        opened(1.0)
        known.update(zip(new, answers(loaded, new, _counted(len(new), tell)), strict=True))
        _remember(model, known)
    return {text: known[text] for text in asked}


def all_known(model: Path, texts: Iterable[str]) -> bool:
    """Tell whether a model was asked all of this before."""
    known = _remembered(model)
    return all(text in known for text in texts)


def forget(model: str) -> None:
    """Remove what a model said that is gone."""
    _file(model).unlink(missing_ok=True)


def _counted(total: int, tell: Tell) -> Callable[[], None]:
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        tell(done / total)

    return one_more


def _remembered(model: Path) -> dict[str, Recognised]:
    stored = kept.read(_file(model.name))
    if stored is None or stored["of"] != _stamp(model):
        return {}
    return {
        text: Recognised(outcome, tuple(ranking), tuple(options))
        for text, (outcome, ranking, options) in stored["answers"].items()
    }


def _remember(model: Path, known: dict[str, Recognised]) -> None:
    said = {text: [r.outcome, r.ranking, r.options] for text, r in known.items()}
    kept.write(_file(model.name), {"of": _stamp(model), "answers": said})


def _stamp(model: Path) -> list[int]:
    """Return what has to be the same for a model to say the same: its file, and our code."""
    code = (environment().home / "kefu" / "nlu").glob("*.py")
    return [model.stat().st_size, *sorted(file.stat().st_mtime_ns for file in code)[-1:]]


def _file(model: str) -> Path:
    return places.below("answers") / f"{model}.json"
