# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whether lines are a ledger: each entry in its place, and each key announced. Nothing is read here, and no signature.

Lines come one by one, and what is kept of them does not grow with their number.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import digest, open_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope

_LOST_KEPT = 1000


class Expected(NamedTuple):
    """What whoever verifies knows beforehand.

    Attributes:
        host: whose ledger it should be; empty: anybody's.
        keys_of: the fingerprints of a host's keys, former ones included; None: nobody knows any.
        today: the fingerprints of those whose signatures count today; None: nobody has asked.
        lists_commits: whether it is asked which commits were let run.
    """

    host: str = ""
    keys_of: Callable[[str], Collection[str]] | None = None
    today: Collection[str] | None = None
    lists_commits: bool = False


class Signed(NamedTuple):
    """What an entry says of the signatures of a commit that was let run.

    Attributes:
        commit: the commit.
        tree: its tree; empty if the entry does not say.
        required: how many signers were required.
        signatures: the name and the fingerprint of each whose signature counted.
    """

    commit: str
    tree: str
    required: int
    signatures: tuple[tuple[str, str], ...]


class _Beginning(NamedTuple):
    """The first entry there is, where that is not the first of the ledger; ``number`` and ``previous`` are its own."""

    where: str
    number: int
    previous: str


class _Cut(NamedTuple):
    where: str
    digest: str
    reason: str


class Chain:
    """A ledger so far.

    Attributes:
        problems: what must not be so; each begins with the line.
        notes: what is worth knowing.
        number: the last entry's, -1 before the first.
        entries: how many there were.
        head: the digest of the last line.
        ledger: the ledger's id.
        keyids: the keys that have signed, in their order; none if nobody has.
        commits: the commits that were let run, by what was said of their signatures; each once, if they are asked for.
    """

    def __init__(self, expected: Expected) -> None:
        """Begin with the first line of a ledger."""
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.number = -1
        self.entries = 0
        self.head = entries.NO_LINE
        self.ledger = ""
        self.keyids: list[str] = []
        self.commits: dict[Signed, str] = {}
        self._expected = expected
        self._last: Entry | None = None
        self._next_key = ""
        self._trusted: set[str] = set()
        self._cut: _Cut | None = None
        self._missing: _Beginning | None = None
        self._early = False
        self._open = ""
        self._lost: collections.deque[str] = collections.deque(maxlen=_LOST_KEPT)

    def follow(self, where: str, line: bytes) -> Envelope | None:
        """Take the next line, which ``where`` names; return its envelope, whose signature is still to be verified."""
        try:
            envelope = open_line(line)
            entry = entries.read(envelope.payload)
        except ValueError as error:
            self._end_cut()
            self._cut = _Cut(where, digest(line), str(error))
            return None
        problems = [
            *self._after_cut(entry),
            *self._place(where, entry),
            *self._origin(entry),
            *self._key(envelope.keyid, entry),
            *self._run(entry),
        ]
        self.problems += [f"{where}: {problem}." for problem in problems]
        self._find_beginning(entry)
        if not envelope.keyid and not self._last:
            self.notes.append(f"{where}: it is not signed, nor is what follows up to the first entry that is.")
        self.notes += [f"{where}: {note}." for note in self._worth_knowing(entry)]
        if self._expected.lists_commits and entry.event == entries.BEGUN and entry.place:
            self.commits.setdefault(_signed(entry, entry.place.commit), where)
        self.entries += 1
        self.number, self.head, self.ledger, self._last = entry.number, digest(line), entry.ledger, entry
        return envelope

    def end(self) -> None:
        """Say that no line follows."""
        self._end_cut()
        if self._missing:
            problem = f"it is entry {self._missing.number} of the ledger, and those before it are missing"
            self.problems.insert(0, f"{self._missing.where}: {problem}.")

    def _end_cut(self) -> None:
        """Say that nothing follows which could speak of the line before."""
        if self._cut:
            self.problems.append(
                f"{self._cut.where}: {self._cut.reason}, and no entry after it says that it was cut off."
            )
        self._cut = None

    def _after_cut(self, entry: Entry) -> list[str]:
        cut = self._cut
        if entry.event == entries.TORN:
            self._cut = None
            if not cut or entry.details["torn"] != f"sha256:{cut.digest}":
                return ["it speaks of a line before it that was cut off, which is not there"]
        elif cut and entry.event != entries.REKEYED:
            self._end_cut()
        return []

    def _place(self, where: str, entry: Entry) -> list[str]:
        if not self._last and entry.number:
            self._missing = _Beginning(where, entry.number, f"sha256:{entry.previous}")
            self._early = True
            return []
        problems = []
        if entry.number != self.number + 1:
            problems.append(f"it is entry {entry.number}, but entry {self.number + 1} should follow")
        if entry.previous != self.head:
            problems.append("it does not follow the line before it")
        return problems

    def _find_beginning(self, entry: Entry) -> None:
        """Take it that those before the first entry were deleted if the host has said so of this very place."""
        told = (entry.details.get("begins"), entry.details.get("before"))
        if self._missing and told == self._missing[1:]:
            self._missing = None

    def _origin(self, entry: Entry) -> list[str]:
        last = self._last or entry
        problems = [
            f"its {name} is {new}, but was {old} before"
            for name, new, old in (
                ("ledger", entry.ledger, last.ledger),
                ("host", entry.host, last.host),
                ("instance", entry.instance, last.instance),
            )
            if new != old
        ]
        if not self._last and self._expected.host not in ("", entry.host):
            problems.append(f"it is an entry of {entry.host}, not of {self._expected.host}")
        return problems

    def _key(self, keyid: str, entry: Entry) -> list[str]:
        problems = []
        if not self._last and self._expected.keys_of:
            self._trusted |= set(self._expected.keys_of(entry.host))
        if not keyid:
            return ["it is not signed, but those before it are"] if self.keyids else []
        if self._next_key not in ("", keyid):
            problems.append(f"it is signed by the key {keyid}, which no entry before it has announced")
        if self._expected.keys_of and keyid not in self._trusted:
            problems.append(f"it is signed by the key {keyid}, which is not known as one of {entry.host}")
        elif entry.event == entries.REKEYED:
            self._trusted.add(str(entry.details["key"]))
        if keyid not in self.keyids[-1:]:
            self.keyids.append(keyid)
        self._next_key = str(entry.details["key"]) if entry.event == entries.REKEYED else keyid
        return problems

    def _run(self, entry: Entry) -> list[str]:
        run, before = entry.run, self._open
        if entry.event == entries.BEGUN:
            self._open, self._early = run, False
            return [f"run {before} has no end"] if before else []
        if not run:
            return []
        if self._early and not before:  # it has begun before what is left of the ledger
            before = run
            self._open = run
        if run not in (before, *self._lost):
            return [f"run {run} has not begun before"]
        if run == before and entry.event != entries.ADOPTED:
            self._open = ""
        if entry.event == entries.LOST:
            self._lost.append(run)
        elif entry.event in entries.ENDS and run in self._lost:
            self._lost.remove(run)
        return []

    def _worth_knowing(self, entry: Entry) -> list[str]:
        notes = []
        if self._last and entry.at < self._last.at:
            notes.append(f"the clock was set back, from {self._last.at} to {entry.at}")
        if entry.event == entries.PRUNED:
            notes.append(f"the ledger begins with entry {entry.details['begins']}, as older years were deleted")
        if entry.event in (entries.TORN, entries.REKEYED, entries.LOST):
            notes.append(f"it says {entry.event}{f', run {entry.run}' if entry.run else ''}")
        if entry.event == entries.BEGUN and entry.place and self._expected.today is not None:
            notes += self._today(entry, self._expected.today)
        return notes

    def _today(self, entry: Entry, today: Collection[str]) -> list[str]:
        former = [signer for signer, fingerprint in _signatures(entry) if fingerprint not in today]
        if not former or not entry.place:
            return []
        return [
            f"commit {entry.place.commit} was signed by {', '.join(former)}, which counted then and would not today"
        ]


def _signed(entry: Entry, commit: str) -> Signed:
    required: int = entry.details["required"]  # type: ignore[assignment] # whose form was checked when it was read
    return Signed(commit, str(entry.details.get("tree", "")), required, _signatures(entry))


def _signatures(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return the name and the fingerprint of each whose signature counted."""
    signatures: list[dict[str, str]] = entry.details["signatures"]  # type: ignore[assignment] # as for the number
    return tuple((each["signer"], each["fingerprint"]) for each in signatures)
