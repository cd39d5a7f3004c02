"""The conversations of `tests/conversations`, as `rasa test` runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.model import PROJECT, run_rasa

FOLDER = PROJECT / "tests/conversations"


@pytest.fixture
def endpoints(tmp_path: Path) -> Path:
    """Give endpoints whose tracker store is Rasa's own in memory."""
    file = tmp_path / "endpoints.yml"
    file.write_text("tracker_store: {type: InMemory}\n", encoding="utf-8")
    return file


def test_conversations(trained_model: Path, endpoints: Path, tmp_path: Path) -> None:
    done = run_rasa(
        "test", "core", "--e2e", "--stories", str(FOLDER), "--model", str(trained_model),
        "--endpoints", str(endpoints), "--out", str(tmp_path / "results"),
        "--fail-on-prediction-errors", "--no-plot",
        KEFU_VAR=str(tmp_path / "var"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    report = json.loads((tmp_path / "results/story_report.json").read_text())
    stories = [
        story
        for file in FOLDER.glob("test_*.yml")
        for story in yaml.safe_load(file.read_text(encoding="utf-8"))["stories"]
    ]
    # Rasa leaves out what it cannot read as a story.
    counts = report["conversation_accuracy"]
    assert counts["total"] == counts["correct"] == len(stories)
