"""A training example of the knowledge base, cheap to copy and to compare."""

from __future__ import annotations

import copy
from typing import Any

from rasa.shared.nlu.training_data.message import Message


class Example(Message):
    """A message as Rasa makes it, except for what Rasa does to all of them again and again.

    Rasa merges the training data some thirty times before it trains. Each time it
    copies every example deeply and, by setting the intent to what it is already,
    throws away the fingerprint that tells examples apart.
    """

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        """Set a property; one that stays the same leaves the fingerprint as it is."""
        if add_to_output or prop not in self.data or self.data[prop] != info:
            super().set(prop, info, add_to_output)

    def __deepcopy__(self, memo: dict[int, Any]) -> Example:
        copied = copy.copy(self)
        # Values are never changed in place, only set.
        copied.data = dict(self.data)
        copied.features = list(self.features)
        copied.output_properties = set(self.output_properties)
        return copied
