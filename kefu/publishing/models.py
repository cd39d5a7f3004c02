"""The models there are: which can be brought into service, and which are old enough to go."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from kefu.environment import environment
from kefu.publishing import contents, history, places, trial
from kefu.publishing.history import Publication
from kefu.publishing.pending import served_model
from kefu.running.serving import wish

# Models that did not come into service, of the latest publications.
_KEPT_BESIDE = 3


@dataclass(frozen=True)
class Model:
    """A model that can be brought into service.

    Attributes:
        name: Its file's name.
        made_at: UTC seconds: as of when it knows the project.
        made_here: Whether publishing made it; else the bot team did.
        last: When it came into service for the last time, None where it never did.
        served: Whether it is in service.
    """

    name: str
    made_at: float
    made_here: bool
    last: Publication | None
    served: bool


def models() -> list[Model]:
    """Return the models in `models/`, the newest first."""
    home = environment().home
    served, last = served_model(home), {p.model: p for p in history.publications()}
    found = [
        Model(
            name=file.name,
            made_at=file.stat().st_mtime,
            made_here=was_made_here(file.name, last),
            last=last.get(file.name),
            served=file == served,
        )
        for file in places.models().glob("*.tar.gz")
    ]
    return sorted(found, key=lambda model: model.made_at, reverse=True)


def was_made_here(name: str, last: dict[str, Publication]) -> bool:
    """Tell whether publishing made a model."""
    return name in last and last[name].made_here


def put_in(name: str) -> Path:
    """Lay a model that lies beside into `models/`, and return where it is now."""
    target = places.models() / name
    source = places.beside() / name
    if not target.is_file():
        places.models().mkdir(exist_ok=True)
        _move(source, target)
    return target


def put_aside(file: Path) -> Path:
    """Take a model out of `models/`, where the next start could take it."""
    target = places.beside() / file.name
    _move(file, target)
    return target


def rotate(keep: int) -> list[str]:
    """Remove models that publishing made, but the newest; return the names of those that went.

    Never one that is in service, was before it, is chosen, or was made by the bot team.
    """
    served, wanted = served_model(environment().home), wish()
    published = history.publications()
    kept = {served.name if served else "", wanted.model if wanted else ""}
    kept |= {published[-1].former or ""} if published else set()
    made = list(dict.fromkeys(p.model for p in reversed(published) if p.made_here))
    gone = []
    for name in made[keep:]:
        file = places.models() / name
        if name not in kept and file.is_file():
            _remove(file)
            gone.append(name)
    return gone


def clear_beside() -> None:
    """Remove the models that did not come into service, but those of the latest trials."""
    found = sorted(places.beside().glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    for file in found[:-_KEPT_BESIDE]:
        _remove(file)


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    contents.forget(file.name)
    trial.forget(file.name)


def _move(source: Path, target: Path) -> None:
    # `var` may lie on another disk: nobody must see half a file.
    draft = target.with_name(f".{target.name}.new")
    shutil.move(source, draft)
    draft.replace(target)
