"""Which changes make a model old, and what a failed training leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kefu import training
from kefu.errors import FileProblems

PROJECT = Path(__file__).resolve().parents[2]
INPUTS = (
    "config.yml",
    "domain.yml",
    "data/knowledge/order.yml",
    "data/nlu/tasks.yml",
    "kefu/nlu/recogniser.py",
    "kefu/knowledge/importer.py",
    "requirements.lock",
)
OTHERS = (
    "settings.yml",
    "endpoints.yml",
    "credentials.yml",
    "actions/lookup.py",
    "kefu/nlu/__pycache__/recogniser.cpython-310.pyc",
    "tests/knowledge/order.yml",
)
MADE, BEFORE, AFTER = 1_000_001_000, 1_000_000_000, 1_000_002_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a project whose model is newer than everything else."""
    for name in (*INPUTS, *OTHERS, "models/a.tar.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.utime(path, (BEFORE, BEFORE))
    os.utime(tmp_path / "models/a.tar.gz", (MADE, MADE))
    return tmp_path


def test_newer_model_is_current(home: Path) -> None:
    assert training.model_is_current(home)


def test_no_model_is_not_current(home: Path) -> None:
    (home / "models/a.tar.gz").unlink()
    assert not training.model_is_current(home)
    assert training.newest_model(home) is None


@pytest.mark.parametrize("name", INPUTS)
def test_changed_input_makes_the_model_old(home: Path, name: str) -> None:
    os.utime(home / name, (AFTER, AFTER))
    assert not training.model_is_current(home)


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_do_not(home: Path, name: str) -> None:
    os.utime(home / name, (AFTER, AFTER))
    assert training.model_is_current(home)


@pytest.mark.parametrize("name", INPUTS)
def test_chosen_model_fits_until_something_else_than_the_knowledge_base_changes(
    home: Path, name: str
) -> None:
    model = home / "models/a.tar.gz"
    assert training.fits_all_but_knowledge(home, model)
    assert not training.knowledge_is_newer(home, model)
    os.utime(home / name, (AFTER, AFTER))
    is_knowledge = name.startswith(training.KNOWLEDGE)
    assert training.fits_all_but_knowledge(home, model) is is_knowledge
    assert training.knowledge_is_newer(home, model) is is_knowledge


def test_deleted_data_file_makes_the_model_old(home: Path) -> None:
    (home / "data/nlu/tasks.yml").unlink()
    os.utime(home / "data/nlu", (AFTER, AFTER))
    assert not training.model_is_current(home)


def test_unfinished_model_does_not_count(home: Path) -> None:
    os.utime(home / "data/nlu/tasks.yml", (AFTER, AFTER))
    unfinished = home / "models/.new-x/b.tar.gz"
    unfinished.parent.mkdir()
    unfinished.touch()
    assert not training.model_is_current(home)


def test_mistake_in_the_knowledge_base_is_found_before_training(
    fresh_home: Path, home: Path
) -> None:
    (home / "data/knowledge/order.yml").write_text("category: [\n", encoding="utf-8")
    with pytest.raises(FileProblems, match=r"order\.yml:\d"):
        training.train(home)
    assert [path.name for path in (home / "models").iterdir()] == ["a.tar.gz"]


def test_failed_training_says_why_and_leaves_no_model(
    fresh_home: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "data").rename(home / "unused")
    (home / "data").symlink_to(PROJECT / "data")
    # Python finds this module before the installed Rasa: the working directory comes first.
    (home / "rasa.py").write_text("raise ValueError('no pipeline')\n")
    with pytest.raises(training.TrainingFailed, match="训练失败：ValueError: no pipeline"):
        training.train(home)
    assert [path.name for path in (home / "models").iterdir()] == ["a.tar.gz"]
    assert "no pipeline" in (fresh_home / "log/train.log").read_text()


def test_finished_model_is_moved_in_and_counts_from_when_training_began(
    fresh_home: Path, home: Path
) -> None:
    (home / "data").rename(home / "unused")
    (home / "data").symlink_to(PROJECT / "data")
    (home / "rasa.py").write_text(
        "import pathlib, sys\n"
        "pathlib.Path(sys.argv[sys.argv.index('--out') + 1], 'new.tar.gz').touch()\n"
        "pathlib.Path('domain.yml').touch()\n"
    )
    assert training.train(home) == home / "models/new.tar.gz"
    assert sorted(p.name for p in (home / "models").iterdir()) == ["a.tar.gz", "new.tar.gz"]
    os.utime(home / "models/a.tar.gz", (BEFORE, BEFORE))
    # The domain was changed after the start, so this model may not know of it.
    assert not training.model_is_current(home)


def test_titles_of_tasks_are_read_from_the_data() -> None:
    assert "转人工" in training.task_titles(PROJECT)
