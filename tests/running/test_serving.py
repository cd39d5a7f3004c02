"""What was chosen, what counts of it at a start, and what others are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.running import serving
from kefu.running.serving import NoSuchModel, Serving, SwapState, WatchedAlready, Wish

CHOSEN_AT = 1_000_002_000.0
BEFORE, AFTER = CHOSEN_AT - 500, CHOSEN_AT + 500
OLD, NEW = "old.tar.gz", "new.tar.gz"


@pytest.fixture
def home(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project with an old and a new model."""
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    make(home, OLD, BEFORE - 100)
    make(home, NEW, BEFORE)
    return home


def make(home: Path, name: str, at: float) -> Path:
    file = home / "models" / name
    file.touch()
    os.utime(file, (at, at))
    return file


def choose(home: Path, name: str) -> None:
    serving.choose(home / "models" / name, "运营", CHOSEN_AT)


def test_choice_is_kept_with_who_and_when(home: Path) -> None:
    assert serving.wish() is None
    choose(home, OLD)
    assert serving.wish() == Wish(OLD, CHOSEN_AT, "运营")


@pytest.mark.parametrize("name", ["gone.tar.gz", "../secret.tar.gz", "."])
def test_only_a_file_among_the_models_can_be_chosen(home: Path, name: str) -> None:
    (home / "secret.tar.gz").touch()
    with pytest.raises(NoSuchModel, match="没有模型"):
        choose(home, name)
    assert serving.wish() is None


def test_without_a_choice_the_newest_model_starts(home: Path) -> None:
    assert serving.chosen_model(home) is None
    assert serving.model_to_start(home) == home / "models" / NEW


def test_chosen_model_starts_though_a_newer_one_is_there(home: Path) -> None:
    choose(home, OLD)
    assert serving.model_to_start(home) == home / "models" / OLD


def test_model_trained_after_the_choice_starts(home: Path) -> None:
    choose(home, OLD)
    trained = make(home, "by_hand.tar.gz", AFTER)
    assert serving.chosen_model(home) is None
    assert serving.model_to_start(home) == trained


def test_chosen_model_that_was_deleted_does_not_count(home: Path) -> None:
    choose(home, OLD)
    (home / "models" / OLD).unlink()
    assert serving.model_to_start(home) == home / "models" / NEW


def test_choice_that_could_not_be_brought_in_leaves_the_model_before(home: Path) -> None:
    serving.write_swap_state(SwapState(model=OLD))
    choose(home, NEW)
    assert serving.model_to_start(home) == home / "models" / NEW
    assert serving.give_up_start("内存不够")
    assert serving.model_to_start(home) == home / "models" / OLD
    # There is nothing else that could be tried.
    assert not serving.give_up_start("内存不够")
    serving.choose(home / "models" / NEW, "运营", CHOSEN_AT + 1)
    assert serving.model_to_start(home) == home / "models" / NEW


def test_file_that_is_not_what_it_should_be_counts_as_none(home: Path) -> None:
    (environment().var / "serving.json").write_text('{"model": ')
    assert serving.wish() is None
    (environment().var / "serving.json").write_text('{"something": "else"}')
    assert serving.wish() is None


def test_where_nobody_watches_nothing_is_known_but_the_failure(home: Path) -> None:
    choose(home, NEW)
    assert serving.serving() == Serving()
    serving.write_swap_state(SwapState(model=OLD, failed="内存不够", wish=CHOSEN_AT))
    assert serving.serving() == Serving(failed="内存不够")


def test_choice_is_under_way_before_anybody_has_looked_at_it(home: Path) -> None:
    with serving.watching():
        serving.write_swap_state(SwapState(model=OLD, since=BEFORE))
        assert serving.serving() == Serving(OLD, BEFORE, managed=True)
        choose(home, NEW)
        now = serving.serving()
        assert (now.model, now.switching_to, now.step) == (OLD, NEW, "马上开始")
        serving.write_swap_state(SwapState(model=NEW, since=AFTER, wish=CHOSEN_AT))
        assert serving.serving() == Serving(NEW, AFTER, managed=True)
    assert not serving.serving().managed


def test_second_watch_of_one_installation_is_refused(home: Path) -> None:
    with serving.watching():
        program = "from kefu.running import serving\nwith serving.watching(): pass"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert WatchedAlready.__name__ in done.stderr and "已经有一个 make run" in done.stderr
    with serving.watching():
        assert serving.is_watched()
