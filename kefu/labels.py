"""Names of the labels that recognition gives: tasks, small talk, and `category/entry`."""

from __future__ import annotations

OUT_OF_SCOPE = "out_of_scope"
REQUEST_HUMAN = "request_human"
NONE_OF_THESE = "none_of_these"
DENY = "deny"
NOT_RECOGNISED = "nlu_fallback"

TASKS = frozenset(
    {
        "query_order_status",
        "query_logistics",
        "query_refund_status",
        "request_refund",
        "query_points",
        "query_membership",
        REQUEST_HUMAN,
    }
)
SMALL_TALK = frozenset(
    {"greet", "goodbye", "thank", "affirm", DENY, "bot_challenge", "insult", "chitchat"}
)
# Answers inside a dialogue; they say nothing on their own.
DIALOGUE = frozenset({"inform", NONE_OF_THESE, "correct_number"})


def category_of(label: str) -> str:
    """Return the intent of a label: the category of an entry, or the label itself."""
    return label.split("/", 1)[0]


def is_entry(label: str) -> bool:
    """Return whether the label names an entry of the knowledge base."""
    return "/" in label
