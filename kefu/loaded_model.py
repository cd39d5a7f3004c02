"""A trained model in this process: recognition without a server and without a conversation."""

from __future__ import annotations

import logging
import os
import tarfile
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kefu.environment import environment
from kefu.errors import KefuError

if TYPE_CHECKING:
    from rasa.core.processor import MessageProcessor


class NoModel(KefuError):
    """Raised when there is no model to load; the text says how to get one."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that recognises texts.

    Attributes:
        file: Where it was loaded from.
        processor: Rasa's own way from a message to what was understood.
    """

    file: Path
    processor: MessageProcessor

    async def parse(
        self, text: str, metadata: dict[str, Any] | None = None, everything: bool = False
    ) -> dict[str, Any]:
        """Return Rasa's parse data of what a customer typed.

        Args:
            text: As typed.
            metadata: As the dialogue is given it, `topic` for example.
            everything: Also what the components left on the message for one another.
        """
        from rasa.core.channels.channel import UserMessage

        from kefu.channels.dialogue import as_text

        message = UserMessage(as_text(text), metadata=metadata)
        parsed = await self.processor.parse_message(message, only_output_properties=not everything)
        return dict(parsed)


def load(model: Path | None) -> LoadedModel:
    """Load a model, the project's newest by default. Raises NoModel."""
    from kefu.training import newest_model

    chosen = model or newest_model(environment().home)
    if chosen is None:
        raise NoModel("还没有模型，请先执行 make train")
    if not chosen.is_file():
        raise NoModel(f"找不到模型 {chosen}，请检查 --model；重新训练：make train")
    processor = _processor(chosen)
    if processor is None:
        raise NoModel(f"{chosen} 不是可用的模型（或是旧版本训练的），请执行 make train")
    return LoadedModel(chosen, processor)


def _processor(model: Path) -> MessageProcessor | None:
    # Read when TensorFlow is imported: what it says of itself helps nobody here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Recorded, not filtered: the libraries set filters of their own when they are imported.
    with warnings.catch_warnings(record=True):
        import jieba
        from rasa.core.agent import Agent  # takes seconds; not every command needs it
        from rasa.engine.exceptions import GraphComponentException
        from rasa.shared.exceptions import RasaException
        from rasa.utils.log_utils import configure_structlog

        # Unconfigured, structlog prints every message; configured, jieba's remarks go to
        # standard output, where --json has to stand alone.
        configure_structlog(logging.WARNING)
        jieba.setLogLevel(logging.WARNING)
        unusable = (RasaException, GraphComponentException, tarfile.TarError, EOFError, zlib.error)
        try:
            return Agent.load(str(model)).processor
        except unusable:
            return None
