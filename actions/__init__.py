"""Custom actions, one module per skill; each says what happens, the work is in `kefu`."""

from __future__ import annotations

from kefu.storage import troubles

# Rasa's action server has no other place for what a process does once.
troubles.keep()
