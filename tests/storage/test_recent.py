"""What a process still knows."""

from kefu.storage.recent import Recent


def test_the_one_set_longest_ago_is_forgotten() -> None:
    recent: Recent[int] = Recent(limit=2)
    for conversation, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        recent.set(conversation, value)
    assert [recent.get(conversation) for conversation in "abc"] == [3, None, 4]
