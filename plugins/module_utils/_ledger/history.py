# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The newest entries of a ledger, as they stand there: that nobody has changed them is for `audit` to say."""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger import files
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import digest, open_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope


def newest(directory: int, most: int) -> list[dict[str, object]]:
    """Return the last entries in ``directory``, a descriptor, at most ``most``, the newest last."""
    told = (_told(line, envelope, entry) for line, envelope, entry in backwards(directory))
    return list(islice(told, most))[::-1]


def forwards(directory: int, name: str) -> Iterator[Entry]:
    """Yield the entries in the file ``name`` in ``directory``, a descriptor, the first one first."""
    for line in files.lines(directory, name):
        yield from (entry for _line, _envelope, entry in _read(line))


def backwards(directory: int) -> Iterator[tuple[bytes, Envelope, Entry]]:
    """Yield the lines in ``directory``, a descriptor, that are entries, the last one first."""
    for name in reversed(files.years(directory)):
        with contextlib.suppress(ValueError):  # what comes before a line that is too long is not looked for
            for line in files.backwards(directory, name):
                yield from _read(line)


def _read(line: bytes) -> Iterator[tuple[bytes, Envelope, Entry]]:
    try:
        envelope = open_line(line)
        entry = entries.read(envelope.payload)
    except ValueError:
        return
    yield line, envelope, entry


def _told(line: bytes, envelope: Envelope, entry: Entry) -> dict[str, object]:
    commit = entry.place.commit if entry.place else str(entry.details.get("commit", ""))
    rc = entry.details.get("rc")
    about = f" commit {commit}" if commit else ""
    ended = "" if rc is None else f" rc {rc}"
    return {
        "text": f"{entry.number} {entry.at} {entry.event}{about}{ended}",
        "number": entry.number,
        "head": digest(line),
        "key": envelope.keyid,
        "at": entry.at,
        "event": entry.event,
        "run": entry.run,
        "commit": commit,
        "rc": rc,
    }
