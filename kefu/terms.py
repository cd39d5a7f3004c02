"""The service terms as customers read them."""

from __future__ import annotations

from kefu import replies
from kefu.normalise import match_key
from kefu.settings import Settings
from kefu.terms_sample import SAMPLE

# What is longer is not sent into a chat; WeChat takes some 680 characters a message.
LONGEST_IN_CHAT = 1300
# How messages that ask for them with one word are recorded.
LABEL = "show_terms"
_LONGEST_WORD = 40


def values(settings: Settings) -> dict[str, str]:
    """Return what placeholders in the terms stand for."""
    return {
        **replies.values(settings),
        "title": settings.terms.title,
        "version": settings.terms.version,
        "messages_days": str(settings.retention.messages_days),
    }


def notice(settings: Settings) -> str:
    """Return what a customer is told at the first contact; "" for nothing."""
    chosen = settings.terms
    if not chosen.enabled or not chosen.first_contact:
        return ""
    text = replies.fill(chosen.first_contact, **values(settings))
    return f"{text}\n{chosen.url}" if chosen.url else text


def asked_for(settings: Settings, text: str) -> bool:
    """Tell whether a message is nothing but a word that stands for the terms.

    The notice promises that it works, whatever the knowledge base holds.
    """
    chosen = settings.terms
    if not chosen.enabled or len(text) > _LONGEST_WORD:
        return False
    said = match_key(text)
    return any(said == match_key(word) for word in chosen.keywords)


def full_text(settings: Settings) -> str:
    """Return the whole of the terms, those of the sample where the merchant wrote none."""
    return replies.fill(settings.terms.text or SAMPLE, **values(settings)).strip()


def answer(settings: Settings) -> str:
    """Return what a customer reads who asks for the terms.

    Without an address the whole text follows, as long as a chat can show it.
    """
    chosen = settings.terms
    summary = replies.fill(chosen.summary, **values(settings))
    said = f"《{chosen.title}》\n{summary}"
    if chosen.url:
        return f"{said}\n全文：{chosen.url}"
    whole = full_text(settings)
    if len(whole) <= LONGEST_IN_CHAT:
        return f"{said}\n\n{whole}"
    return f"{said}\n需要全文，请发「转人工」向人工客服索取。"
