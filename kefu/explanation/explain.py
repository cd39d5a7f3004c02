"""Explain a message: check what was asked for, recognise it, and say why."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from kefu.environment import environment
from kefu.explanation.errors import CannotExplain
from kefu.explanation.subjects import Subjects
from kefu.loaded_model import load
from kefu.training import model_is_current

if TYPE_CHECKING:
    from kefu.explanation.explanation import Explanation


def explain(text: str, after: str = "", model: Path | None = None) -> Explanation:
    """Recognise a text as the assistant would and say why.

    Args:
        text: What a customer typed.
        after: Label or standard question of what was answered just before, or empty.
        model: Model file; the newest by default.

    Raises:
        CannotExplain: The text is empty, or `after` names nothing.
        NoModel: There is no model.
        FileProblems: The knowledge base cannot be read.
    """
    if not text.strip():
        raise CannotExplain('请写一句顾客的话，如 kefu explain "退款多久到账"')
    home = environment().home
    subjects = Subjects.read(home)
    topic = subjects.asked(after) if after.strip() else None
    loaded = load(model)
    # Imported before the model is loaded, Rasa would fill the terminal with its warnings.
    from kefu.explanation import explanation
    from kefu.explanation.trained import Trained
    from kefu.nlu.parts import TOPIC

    metadata = {TOPIC: topic.label} if topic else {}
    parsed = asyncio.run(loaded.parse(text, metadata, everything=True))
    old = model is None and not model_is_current(home)
    return explanation.of(parsed, topic, subjects, Trained.read(loaded.file), old)
