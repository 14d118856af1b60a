# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Verifying a ledger, or several copies of one: the chain, the signatures, and the lines that others have witnessed."""

from __future__ import annotations

import collections
import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger import files, signing
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Chain
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import digest, open_line
from ansible_collections.flant.gitops.plugins.module_utils._ssh.verifier import ssh_keygen
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of, workers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected, Signed
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry

AUTHENTIC = "authentic"
CONSISTENT = "consistent, not authentic"
BROKEN = "broken"
_MOST = 100  # sentences of each kind
_UNDER_WAY = 64  # signatures that wait for their turn


class Report(NamedTuple):
    """What was found.

    Attributes:
        verdict: `AUTHENTIC`, `CONSISTENT` where nobody has signed or knows whose the keys are, or `BROKEN`.
        entries: how many entries there are in all copies.
        heads: the digest of each copy's last line.
        signing_keys: the fingerprints of the keys that have signed.
        problems: why it is broken, at most 100.
        notes: what is worth knowing, the first 100.
        commits: what is said of the commits that were let run, with the line that says so first, if that was asked.
    """

    verdict: str
    entries: int
    heads: Sequence[str]
    signing_keys: Sequence[str]
    problems: Sequence[str]
    notes: Sequence[str]
    commits: Sequence[Mapping[str, object]] = ()


def verify(copies: Sequence[Path], expected: Expected, witnessed: Collection[str]) -> Report:
    """Return what the ledgers in ``copies``, which are directories, come to.

    Args:
        copies: the ledger, and copies of it.
        expected: what is known beforehand.
        witnessed: digests of lines that others have seen, each of which must be in one of the copies.

    Raises:
        Failure: they cannot be read, or ssh-keygen cannot be run.
    """
    missing = set(witnessed)
    chains = []
    for copy in copies:
        with _opened(copy) as directory:
            chains.append(_verified(copy, directory, expected, missing))
    problems = [problem for chain in chains for problem in chain.problems]
    problems += [
        f"{head} was witnessed elsewhere and is not a line here: the end was cut off, or this is another ledger."
        for head in sorted(missing)
    ]
    for copy in copies[1:]:
        with _opened(copies[0]) as first, _opened(copy) as second:
            problems += _forks(copies[0], first, copy, second)
    known = expected.keys_of and all(chain.keyids for chain in chains)  # who signs vouches for all lines before, too
    verdict = BROKEN if problems else AUTHENTIC if known else CONSISTENT
    return Report(
        verdict,
        sum(chain.entries for chain in chains),
        [chain.head for chain in chains],
        list(dict.fromkeys(keyid for chain in chains for keyid in chain.keyids)),
        problems[:_MOST],
        [note for chain in chains for note in chain.notes][:_MOST],
        [_commit(where, signed) for chain in chains for signed, where in chain.commits.items()],
    )


def _commit(where: str, signed: Signed) -> dict[str, object]:
    signatures = [{"signer": signer, "fingerprint": fingerprint} for signer, fingerprint in signed.signatures]
    return {**signed._asdict(), "line": where, "signatures": signatures}


def _verified(copy: Path, directory: int, expected: Expected, missing: set[str]) -> Chain:
    chain, program = Chain(expected), ssh_keygen()
    under_way: collections.deque[tuple[str, Future[str]]] = collections.deque()

    def settle(most: int) -> None:
        while len(under_way) > most:
            where, future = under_way.popleft()
            defect = result_of(future)
            chain.problems += [f"{where}: {defect}."] if defect else []

    with workers(os.cpu_count() or 1) as pool:
        for where, line in _lines(copy, directory):
            envelope = chain.follow(where, line)
            missing.discard(chain.head)
            if envelope and envelope.keyid:
                under_way.append((where, pool.submit(signing.defect, envelope, program)))
            settle(_UNDER_WAY)
            del chain.problems[_MOST:], chain.notes[_MOST:]
        chain.end()
        settle(0)
    if not chain.entries:
        chain.problems.append(f"{copy} holds no entry.")
    return chain


def _forks(first: Path, first_directory: int, second: Path, second_directory: int) -> Iterator[str]:
    """Tell where two copies differ, beside that one of them ends earlier or begins later."""
    ours, theirs = _numbered(first, first_directory), _numbered(second, second_directory)
    our, their = next(ours, None), next(theirs, None)
    while our and their:
        if our[1].number != their[1].number:
            if our[1].number < their[1].number:
                our = next(ours, None)
            else:
                their = next(theirs, None)
            continue
        if our[2] != their[2]:
            yield (
                f"{our[0]} and {their[0]} are both entry {our[1].number} and differ, "
                "so that one of them was written by somebody else or over something."
            )
            return
        our, their = next(ours, None), next(theirs, None)


def _numbered(copy: Path, directory: int) -> Iterator[tuple[str, Entry, str]]:
    for where, line in _lines(copy, directory):
        with contextlib.suppress(ValueError):
            yield where, entries.read(open_line(line).payload), digest(line)


def _lines(copy: Path, directory: int) -> Iterator[tuple[str, bytes]]:
    for name in files.years(directory):
        for number, line in enumerate(files.lines(directory, name), 1):
            yield f"{copy / name} line {number}", line


@contextlib.contextmanager
def _opened(copy: Path) -> Iterator[int]:
    try:
        directory = os.open(copy, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Failure(f"dir: {copy} cannot be read: {error.strerror}.") from None
    try:
        yield directory
    except OSError as error:
        raise Failure(f"dir: {copy} cannot be read: {error.strerror}.") from None
    finally:
        os.close(directory)
