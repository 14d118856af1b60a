# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""An entry of the ledger: an in-toto Statement about one commit, or about the ledger itself.

Statement: https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md

What an entry may hold is listed here, field by field, with the form that each must have; docs/docsite/rst/
guide_ledger.rst says the same in words. There is no free text: what others have chosen and what does not have the form
of its field is named by its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://flant.com/gitops/run/v1"
VERSION = "1.0.0"
"""The version of this collection."""
NO_LINE = "0" * 64
"""What stands for the line before the first."""

BEGUN, FINISHED, FAILED, ADOPTED, LOST, CANCELLED = "begun", "finished", "failed", "adopted", "lost", "cancelled"
REKEYED, TORN = "rekeyed", "torn"
RESET, SUSPENDED, RESUMED, PRUNED = "reset", "suspended", "resumed", "pruned"
ENDS = (FINISHED, FAILED, CANCELLED)
"""What a run ends with."""

_HEX = r"[0-9a-f]"
_DIGEST = rf"sha256:{_HEX}{{64}}"
_OBJECT = rf"{_HEX}{{40}}|{_HEX}{{64}}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"
_KEYID = r"SHA256:[A-Za-z0-9+/]{43}"
_VISIBLE = r"[\x21-\x7e]"
_FORMS = {
    "host": rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,254}}|{_DIGEST}",
    "instance": r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}",
    "machine": rf"{_HEX}{{32,64}}|{_DIGEST}|",
    "repository": rf"{_VISIBLE}{{1,1024}}",
    "branch": rf"{_VISIBLE}{{1,255}}",
    "signer": rf"[A-Za-z0-9][A-Za-z0-9 ._@+-]{{0,62}}|[0-9A-F]{{64}}|{_KEYID}|{_DIGEST}",
    "type": "openpgp|ssh",
    "source": "commit|notes",
    "fingerprint": rf"[0-9A-F]{{40,64}}|{_KEYID}",
    "signature": r"[A-Za-z0-9+/]{1,8192}={0,2}",
    "name": rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,62}}|{_DIGEST}",
    "accessor": rf"[A-Za-z0-9._-]{{0,128}}|{_DIGEST}",
    "creationPath": rf"{_VISIBLE}{{1,512}}|{_DIGEST}",
    "version": r"[0-9A-Za-z.+-]{1,40}",
}
_COMPILED = {name: re.compile(form, re.ASCII) for name, form in _FORMS.items()}
_PLACE = re.compile(rf"git\+({_VISIBLE}{{1,1024}})@refs/heads/({_VISIBLE}{{1,255}})", re.ASCII)


class Place(NamedTuple):
    """The commit that an entry is about, and where it is from."""

    repository: str
    branch: str
    commit: str


class Entry(NamedTuple):
    """One entry.

    Attributes:
        ledger: which ledger it is in: 32 random hexadecimal digits, made with its first entry.
        number: which entry of it, from 0.
        previous: the SHA-256 of the line before, `NO_LINE` for the first.
        event: what has happened.
        at: when it was written, by the host's clock, in UTC as ISO 8601.
        host: the host, as its operator calls it.
        instance: the instance of the role on it.
        machine: what the host's own id comes to; empty if it was not told.
        version: the version of the collection that wrote it.
        run: which run it is about: 32 random hexadecimal digits, given when the run begins; empty: none.
        place: the commit that it is about; None: none.
        details: what else there is to say of such an event.
    """

    ledger: str
    number: int
    previous: str
    event: str
    at: str
    host: str
    instance: str
    machine: str
    version: str
    run: str = ""
    place: Place | None = None
    details: Mapping[str, object] = {}

    def payload(self) -> bytes:
        """Return the statement, as it is signed.

        Raises:
            ValueError: a field does not have its form; the text names it.
        """
        predicate: dict[str, object] = {
            name: value for name, value in self._asdict().items() if name not in ("place", "details", "run")
        }
        predicate.update({"run": self.run} if self.run else {}, **self.details)
        _check(predicate, place=self.place)
        return canonical(_statement(self, predicate))


def read(payload: bytes) -> Entry:
    """Return the entry that ``payload`` is.

    Raises:
        ValueError: it is none; the text says why, fit to stand after a colon.
    """
    statement = parse(payload)
    predicate = statement.get("predicate")
    if statement.get("predicateType") != PREDICATE or not isinstance(predicate, dict):
        raise ValueError(f"it is not a statement of the type {PREDICATE}")
    common: dict[str, Any] = {name: predicate.get(name) for name in _COMMON}
    details = {name: value for name, value in predicate.items() if name not in _COMMON and name != "run"}
    place = _place(statement)
    _check(predicate, place=place)
    entry = Entry(**common, run=predicate.get("run", ""), place=place, details=details)
    if statement != _statement(entry, predicate):
        raise ValueError("its subject is not what it should be")
    return entry


def fitted(field: str, value: str) -> str:
    """Return ``value`` if it has the form of ``field``, and what names it otherwise."""
    return value if _COMPILED[field].fullmatch(value) else f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def visible(text: str, longest: int) -> str:
    """Return ``text`` in visible ASCII, the rest percent-encoded; one that is too long is named by its SHA-256."""
    shown = re.sub(r"[^\x21-\x7e]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)
    return shown if 0 < len(shown) <= longest else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _statement(entry: Entry, predicate: Mapping[str, object]) -> dict[str, object]:
    return {"_type": STATEMENT, "predicateType": PREDICATE, "subject": [_subject(entry)], "predicate": predicate}


def _subject(entry: Entry) -> dict[str, object]:
    """Return what an in-toto Statement must be about: the commit, or else the line before."""
    if entry.place:
        name = f"git+{entry.place.repository}@refs/heads/{entry.place.branch}"
        return {"name": name, "digest": {"gitCommit": entry.place.commit}}
    return {"name": f"ledger:{entry.ledger}", "digest": {"sha256": entry.previous}}


def _place(statement: Mapping[str, Any]) -> Place | None:
    try:
        (subject,) = statement["subject"]
        match = _PLACE.fullmatch(subject["name"])
        return Place(match[1], match[2], subject["digest"]["gitCommit"]) if match else None
    except (KeyError, TypeError, ValueError):
        raise ValueError("its subject is not what it should be") from None


def _check(predicate: Mapping[str, object], *, place: Place | None) -> None:
    event = predicate.get("event")
    if not isinstance(event, str) or event not in EVENTS:
        raise ValueError("its event is none that is known")
    of_event = EVENTS[event]
    for name in sorted({*_COMMON, *of_event.needed} - predicate.keys()):
        raise ValueError(f"its {name} is missing")
    fields = of_event.fields
    for name, value in sorted(predicate.items()):
        if name not in fields:
            raise ValueError(f"it holds {name[:40]!r}, which such an entry has not")
        if not _CHECKS[name](value):
            raise ValueError(f"its {name} does not have its form")
    if of_event.of_commit != bool(place):
        raise ValueError("its subject is not what it should be")
    if place and not (
        _form("repository")(place.repository) and _form("branch")(place.branch) and _object(place.commit)
    ):
        raise ValueError("its subject does not have its form")


def _form(field: str) -> Callable[[object], bool]:
    pattern = _COMPILED[field]
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _matches(form: str) -> Callable[[object], bool]:
    pattern = re.compile(form, re.ASCII)
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _whole(largest: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest


def _each(needed: tuple[str, ...], possible: tuple[str, ...] = ()) -> Callable[[object], bool]:
    """Return a check of a list of dictionaries whose values have the forms of their names."""
    return lambda value: (
        isinstance(value, list)
        and all(
            isinstance(each, dict)
            and {*needed} <= each.keys() <= {*needed, *possible}
            and all(_form(name)(text) for name, text in each.items())
            for each in value
        )
    )


_object = _matches(_OBJECT)
_CHECKS: dict[str, Callable[[object], bool]] = {
    "ledger": _matches(rf"{_HEX}{{32}}"),
    "number": _whole(1 << 53),
    "previous": _matches(rf"{_HEX}{{64}}"),
    "event": lambda _value: True,
    "at": _matches(_TIME),
    "host": _form("host"),
    "instance": _form("instance"),
    "machine": _form("machine"),
    "version": _form("version"),
    "run": _matches(rf"{_HEX}{{32}}"),
    "commit": _object,
    "previousCommit": _object,
    "tree": _object,
    "required": _whole(1 << 31),
    "signatures": _each(("signer", "type", "source", "fingerprint"), ("signature",)),
    "trusted": _matches(_DIGEST),
    "image": _matches(_DIGEST),
    "rules": _matches(_DIGEST),
    "commands": _matches(_DIGEST),
    "requests": _each(("name", "accessor", "creationPath")),
    "rc": _whole((1 << 16) - 1),
    "startedOn": _matches(_TIME),
    "finishedOn": _matches(_TIME),
    "output": _matches(_DIGEST),
    "key": _matches(_KEYID),
    "torn": _matches(_DIGEST),
    "begins": _whole(1 << 53),
    "before": _matches(_DIGEST),
}
_COMMON = ("ledger", "number", "previous", "event", "at", "host", "instance", "machine", "version")


class _Event(NamedTuple):
    of_commit: bool
    needed: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()

    @property
    def fields(self) -> set[str]:
        """The fields that such an entry may have."""
        return {*_COMMON, *self.needed, *self.possible}


_ENDED = _Event(of_commit=True, needed=("run",), possible=("requests", "rc", "startedOn", "finishedOn", "output"))
EVENTS = {
    BEGUN: _Event(
        of_commit=True,
        needed=("run", "required", "signatures", "trusted", "commands"),
        possible=("previousCommit", "tree", "image", "rules"),
    ),
    ADOPTED: _Event(of_commit=True, needed=("run",)),
    LOST: _Event(of_commit=True, needed=("run",)),
    FINISHED: _ENDED,
    FAILED: _ENDED,
    CANCELLED: _ENDED,
    REKEYED: _Event(of_commit=False, needed=("key",)),
    TORN: _Event(of_commit=False, needed=("torn",)),
    RESET: _Event(of_commit=False, possible=("commit", "previousCommit")),
    SUSPENDED: _Event(of_commit=False),
    RESUMED: _Event(of_commit=False),
    PRUNED: _Event(of_commit=False, needed=("begins", "before")),
}
