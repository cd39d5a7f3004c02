"""One process at a time: leases that are renewed, run out, or are left by the dead."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from kefu.storage.engine import reading, writing
from kefu.storage.leases import Lease
from kefu.storage.tables import leases

pytestmark = pytest.mark.usefixtures("database")

NOW = 1000.0
HOLD = f"""
from kefu.storage.leases import Lease

print(Lease("role", 60.0).hold({NOW}), flush=True)
input()
"""


def held(lease: Lease) -> bool:
    with reading() as connection:
        return lease.is_held(connection)


def test_the_first_has_it_and_nobody_else() -> None:
    one, two = Lease("role"), Lease("role")
    assert one.hold(NOW)
    assert not two.hold(NOW)
    assert (held(one), held(two)) == (True, False)


def test_roles_are_held_apart() -> None:
    assert Lease("role").hold(NOW)
    assert Lease("another").hold(NOW)


def test_who_has_it_renews_it() -> None:
    one, two = Lease("role", 6.0), Lease("role", 6.0)
    assert one.hold(NOW)
    assert one.hold(NOW + 5)
    assert not two.hold(NOW + 10.9)
    assert two.hold(NOW + 11)
    assert not one.hold(NOW + 11)
    assert (held(one), held(two)) == (False, True)


def test_it_stays_with_its_holder_until_another_takes_it() -> None:
    one = Lease("role", 6.0)
    assert one.hold(NOW)
    assert held(one)
    assert one.hold(NOW + 100)


def test_what_is_given_up_is_free_at_once_and_held_by_nobody() -> None:
    one, two = Lease("role"), Lease("role")
    assert one.hold(NOW)
    two.give_up()
    assert held(one)
    one.give_up()
    assert not held(one)
    assert two.hold(NOW)


def test_nobody_holds_what_was_never_taken() -> None:
    lease = Lease("role")
    lease.give_up()
    assert not held(lease)


def test_of_many_who_ask_at_once_one_has_it() -> None:
    asking = [Lease("role") for _ in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda lease: lease.hold(NOW), asking)) == 1
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda lease: lease.hold(NOW + 60), asking)) == 1
    assert sum(map(held, asking)) == 1


def test_a_lease_of_a_living_process_is_kept_and_of_a_killed_one_is_free_at_once() -> None:
    pipe = subprocess.PIPE
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdin=pipe, stdout=pipe, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    mine = Lease("role")
    assert not mine.hold(NOW)
    other.kill()
    other.communicate()
    assert mine.hold(NOW)
    assert held(mine)


@pytest.mark.parametrize(
    "owner", ["elsewhere:{pid}:ab", ":", "", "x", "{machine}:-1:ab", "{machine}::ab"]
)
def test_a_holder_that_cannot_be_looked_for_is_waited_for(owner: str) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = Lease("role", 6.0)
    assert mine.hold(NOW)
    machine = mine.owner.partition(":")[0]
    with writing() as connection:
        name = owner.format(pid=dead.pid, machine=machine)
        connection.execute(update(leases).values(owner=name))
    assert not mine.hold(NOW + 5)
    assert mine.hold(NOW + 6)


def test_an_owner_fits_its_column() -> None:
    lease = Lease("role")
    assert len(lease.owner) <= leases.c.owner.type.length - 7 + len(str(os.getpid()))
