# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Commit objects, byte by byte as git stores them, so that what is verified is what git acts on."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601

if TYPE_CHECKING:
    from collections.abc import Sequence

_OBJECT_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_IDENTITY = re.compile(rb"(?P<person>.*>) (?P<seconds>-?\d{1,18})\b.*", re.DOTALL)
_HASH = {40: "sha1", 64: "sha256"}
_SIGNATURE_HEADER = {40: b"gpgsig", 64: b"gpgsig-sha256"}


class Commit(NamedTuple):
    """What one commit says.

    Attributes:
        payload: what the commit's own signature has to cover: the raw bytes less every signature header, that of the
            other object format included, which a repository with ``extensions.compatObjectFormat`` writes too.
        signature: the value of the header for this object format; None if there is none, or more than one.
        subject: the first paragraph of the message; like ``author``, made fit to be shown.
        committed_at: ISO 8601, UTC; empty if the commit names no such time.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    payload: bytes
    signature: bytes | None
    subject: str
    author: str
    committed_at: str

    @property
    def content_id(self) -> str:
        """What the commit says, as one id: the same for twins, which differ in their signature headers alone."""
        return hashlib.sha256(self.payload).hexdigest()


def parse(commit_id: str, raw: bytes) -> Commit:
    """Return the commit ``commit_id``, whose object has the content ``raw``.

    It is read as git reads it (commit.c): the tree in the first line, the parents in the lines right below, other
    headers down to the first empty line; a line that starts with a space continues the header above. A signature
    header is where git puts it, below the committer: further up it would hide parents from git that the payload has.

    Raises:
        Refused: the content is no commit, or says something else than its payload.
        Failure: it has another id.
    """
    if hashlib.new(_HASH[len(commit_id)], b"commit %d\0" % len(raw) + raw).hexdigest() != commit_id:
        raise Failure(f"The content of {commit_id} is not that of a commit with this id.")
    headers = _headers(raw)
    tree = headers[0].value(raw) if headers and headers[0].name == b"tree" else b""
    if not _OBJECT_ID.fullmatch(tree):
        raise Refused(f"The commit {commit_id} does not begin with its tree.")
    covered = [header for header in headers if header.name not in _SIGNATURE_HEADER.values()]
    _check_shape(commit_id, headers, covered, raw)
    own = [header for header in headers if header.name == _SIGNATURE_HEADER[len(commit_id)]]
    body = raw[headers[-1].end :]
    author, _authored_at = _identity(headers, b"author", raw)
    _committer, committed_at = _identity(headers, b"committer", raw)
    return Commit(
        id=commit_id,
        tree=tree.decode(),
        parents=tuple(parent.decode("ascii", "replace") for parent in _parents(headers, raw)),
        payload=b"".join(raw[header.start : header.end] for header in covered) + body,
        signature=own[0].value(raw) if len(own) == 1 else None,
        subject=printable(body.lstrip(b"\n").partition(b"\n\n")[0]),
        author=author,
        committed_at=committed_at,
    )


class _Header(NamedTuple):
    """One header, and where it stands in the raw commit, its line feed included."""

    name: bytes
    start: int
    end: int

    def value(self, raw: bytes) -> bytes:
        return raw[self.start + len(self.name) + 1 : self.end].replace(b"\n ", b"\n").rstrip(b"\n")


def _check_shape(commit_id: str, headers: Sequence[_Header], covered: Sequence[_Header], raw: bytes) -> None:
    """Check that a commit with all its ``headers`` says to git what its payload says, which has those ``covered``."""
    if _parents(headers, raw) != _parents(covered, raw):
        raise Refused(
            f"commit {commit_id}: git reads other parents in it than its signature covers, "
            "because a signature header stands above them."
        )
    committer = next((header.start for header in headers if header.name == b"committer"), len(raw))
    if any(header.name in _SIGNATURE_HEADER.values() and header.start < committer for header in headers):
        raise Refused(f"commit {commit_id}: its signature header does not stand below its committer.")


def _headers(raw: bytes) -> list[_Header]:
    """Return what stands above the first empty line; a line without a space has no name."""
    headers: list[_Header] = []
    start = 0
    for line in io.BytesIO(raw):
        if line == b"\n":
            break
        end = start + len(line)
        if line.startswith(b" ") and headers:
            headers[-1] = headers[-1]._replace(end=end)
        else:
            name, space, _value = line.partition(b" ")
            headers.append(_Header(name if space else b"", start, end))
        start = end
    return headers


def _parents(headers: Sequence[_Header], raw: bytes) -> list[bytes]:
    """Return the parents of a commit with these headers, of which the first is its tree."""
    right_below = itertools.takewhile(lambda header: header.name == b"parent", headers[1:])
    return [header.value(raw) for header in right_below]


def _identity(headers: Sequence[_Header], name: bytes, raw: bytes) -> tuple[str, str]:
    """Return who the first header of this name names, and when that was."""
    value = next((header.value(raw) for header in headers if header.name == name), b"")
    match = _IDENTITY.fullmatch(value)
    return (printable(match["person"]), iso8601(int(match["seconds"]))) if match else (printable(value), "")
