# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a task was told of a run, as fields of an entry; what does not have the form of its field becomes a digest."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger import state
from ansible_collections.flant.gitops.plugins.module_utils._ledger.book import Author
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Place, fitted, visible
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import (
        Output,
        Request,
        Signature,
        Subject,
        Token,
    )

_USER = re.compile(r"(?<=://)[^/@]*@")
_PINNED = re.compile(r"(?:.*@)?(sha256:[0-9a-f]{64})", re.DOTALL)
_LONGEST_REPOSITORY, _LONGEST_BRANCH = 1024, 255
_LONGEST_SIGNATURE, _LONGEST_SIGNATURES = 8192, 16384  # characters of Base64, so that a line has room for all else


def place(subject: Subject, commit: str) -> Place:
    """Return the commit that an entry is about; of the repository's URL all but who logs in there."""
    repository = visible(_USER.sub("", subject.repo), _LONGEST_REPOSITORY)
    return Place(repository, visible(subject.branch, _LONGEST_BRANCH), commit)


def author(subject: Subject, key_file: Path | None) -> Author:
    """Return who writes, with the key in ``key_file`` or else the ledger's own."""
    host, machine = fitted("host", subject.host), fitted("machine", subject.machine)
    return Author(host, subject.instance, machine, key_file)


def begun(subject: Subject) -> dict[str, object]:
    """Return what there is to say of a run that begins."""
    pinned = _PINNED.fullmatch(subject.image)
    said: dict[str, object] = {
        "required": subject.required_signatures,
        "signatures": _signatures(subject.signatures),
        "trusted": _digest(canonical(subject.trusted)),
        "commands": _digest(canonical(subject.commands)),
    }
    if subject.previous_commit:
        said["previousCommit"] = subject.previous_commit
    if subject.tree:
        said["tree"] = subject.tree
    if subject.rules:
        said["rules"] = _digest(canonical(subject.rules))
    if pinned:
        said["image"] = pinned[1]
    return said


def event(request: Request) -> str:
    """Return which event the end is that ``request`` tells of."""
    if request.output:
        return entries.FAILED if request.output.rc else entries.FINISHED
    return entries.FAILED if request.status == state.FAILED else entries.CANCELLED


def ended(output: Output | None, kept: bytes, tokens: Sequence[Token]) -> dict[str, object]:
    """Return what there is to say of a run that has ended; ``kept`` is its output as it is kept."""
    said: dict[str, object] = {"requests": [_token(each) for each in tokens]} if tokens else {}
    if output:
        said["rc"] = output.rc
        said["startedOn"] = output.started_at.replace("+00:00", "Z")
        said["finishedOn"] = output.finished_at.replace("+00:00", "Z")
        said["output"] = _digest(kept)
    return said


def _signatures(given: Sequence[Signature]) -> list[dict[str, str]]:
    """Return the signatures, each with its text as long as there is room for it."""
    told, left = [], _LONGEST_SIGNATURES
    for each in given:
        said = {
            "signer": fitted("signer", each.signer),
            "type": each.type,
            "source": each.source,
            "fingerprint": each.fingerprint,
        }
        if 0 < len(each.signature) <= min(left, _LONGEST_SIGNATURE):
            said["signature"] = each.signature
            left -= len(each.signature)
        told.append(said)
    return told


def _token(given: Token) -> dict[str, str]:
    return {
        "name": fitted("name", given.name),
        "accessor": fitted("accessor", given.accessor),
        "creationPath": fitted("creationPath", given.creation_path),
    }


def _digest(octets: bytes) -> str:
    return f"sha256:{hashlib.sha256(octets).hexdigest()}"
