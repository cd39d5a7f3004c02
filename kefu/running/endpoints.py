"""The endpoints file of an installation whose action server is not on the usual port."""

from __future__ import annotations

from pathlib import Path

from kefu.environment import Environment

# What endpoints.yml says, so that a plain `rasa shell` works without any variable set.
_USUAL = "http://127.0.0.1:5055/webhook"


def endpoints_file(environment: Environment) -> Path:
    """Return endpoints.yml, or a copy under var/ that names the configured port."""
    given = environment.home / "endpoints.yml"
    if environment.actions_port == 5055:
        return given
    address = f"http://127.0.0.1:{environment.actions_port}/webhook"
    made = environment.var / "run" / "endpoints.yml"
    made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made.write_text(given.read_text(encoding="utf-8").replace(_USUAL, address), encoding="utf-8")
    return made
