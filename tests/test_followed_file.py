"""A file that is followed: what changed is read soon, and mistakes change nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kefu.errors import FileProblems, Problem
from kefu.followed_file import LOOK_SECONDS, FollowedFile


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def read(file: Path) -> str:
    text = file.read_text("utf-8")
    if text == "wrong":
        raise FileProblems([Problem(file, 1, "写错了")])
    return text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "settings.yml"
    file.write_text("one", "utf-8")
    return file


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said(file: Path, clock: Clock) -> FollowedFile[str]:
    return FollowedFile(lambda: file, read, clock)


@pytest.fixture
def later(clock: Clock) -> Callable[[], None]:
    def go_on() -> None:
        clock.now += LOOK_SECONDS

    return go_on


def test_a_change_is_read_when_a_second_has_passed(
    file: Path, said: FollowedFile[str], later: Callable[[], None]
) -> None:
    assert said() == "one"
    file.write_text("another", "utf-8")
    assert said() == "one"
    later()
    assert said() == "another"


def test_who_has_written_it_need_not_wait(file: Path, said: FollowedFile[str]) -> None:
    assert said() == "one"
    file.write_text("another", "utf-8")
    said.look()
    assert said() == "another"


def test_a_file_of_the_same_size_put_in_its_place_is_another(
    file: Path, said: FollowedFile[str], later: Callable[[], None]
) -> None:
    assert said() == "one"
    new = file.with_name("new")
    new.write_text("two", "utf-8")
    new.replace(file)
    later()
    assert said() == "two"


def test_with_mistakes_the_former_stays_and_the_problem_is_told(
    file: Path, said: FollowedFile[str], later: Callable[[], None]
) -> None:
    assert said() == "one" and said.problem is None
    file.write_text("wrong", "utf-8")
    later()
    assert said() == "one"
    assert said.problem is not None and "写错了" in str(said.problem)
    file.write_text("right", "utf-8")
    later()
    assert said() == "right" and said.problem is None


def test_a_file_that_is_gone_for_a_moment_changes_nothing(
    file: Path, said: FollowedFile[str], later: Callable[[], None]
) -> None:
    assert said() == "one"
    file.unlink()
    later()
    assert said() == "one"


def test_mistakes_at_the_first_reading_are_an_error(file: Path, said: FollowedFile[str]) -> None:
    file.write_text("wrong", "utf-8")
    with pytest.raises(FileProblems):
        said()
    file.write_text("right", "utf-8")
    assert said() == "right"


def test_many_threads_read_it_once(file: Path) -> None:
    readings = []

    def counted(path: Path) -> str:
        readings.append(path)
        return read(path)

    followed = FollowedFile(lambda: file, counted)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: followed(), range(100))) == {"one"}
    assert len(readings) == 1
