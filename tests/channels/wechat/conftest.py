"""What the tests of the channel share; those that ask for `database` run on both."""

from __future__ import annotations

import pytest

from kefu.storage.leases import Lease
from tests.databases import database, empty_database

__all__ = ["database", "empty_database", "lease"]


@pytest.fixture
def lease(database: str) -> Lease:
    """Give the lease of the outbox, held at 1000 s."""
    lease = Lease("wechat_outbox")
    assert lease.hold(1000.0)
    return lease
