# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a task asks for, checked before anything is done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger.mark import line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BEGIN = "begin"
END = "end"
SHOW = "show"
SUSPEND = "suspend"
RESUME = "resume"
VERIFY = "verify"
REMOVE = "remove"
RESET = "reset"

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEAD = re.compile(r"[0-9a-f]{64}")
_RUN = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)", re.ASCII)


class Output(NamedTuple):
    """What the commands of one run have printed, and what the engine says of them."""

    commit: str
    rc: int
    started_at: str
    finished_at: str
    stdout: str
    stderr: str
    signers: Sequence[str] = ()


class Signature(NamedTuple):
    """A signature that counted when the commit was chosen."""

    signer: str
    type: str
    source: str
    fingerprint: str
    signature: str = ""


class Token(NamedTuple):
    """A wrapped request that was made for a run, without its token."""

    name: str
    accessor: str
    creation_path: str


class Subject(NamedTuple):
    """Who writes into the ledger, and what about.

    Attributes:
        host: the host, as its operator calls it.
        instance: the instance of the role.
        machine: what the machine's id comes to.
        repo: the repository.
        branch: its branch.
        previous_commit: the commit processed before.
        tree: the git id of the commit's tree.
        required_signatures: how many signatures were asked for.
        signatures: those that counted.
        trusted: whose signatures count, in whichever form.
        rules: which paths need more signatures.
        image: the pinned image.
        commands: what runs in it.
    """

    host: str
    instance: str
    machine: str
    repo: str
    branch: str
    previous_commit: str
    tree: str
    required_signatures: int
    signatures: Sequence[Signature]
    trusted: Sequence[object]
    rules: Sequence[object]
    image: str
    commands: Sequence[str]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Subject:
        """Take the suboptions."""
        signatures = [Signature(*_texts(each, Signature._fields)) for each in given["signatures"]]
        return cls(**{**given, "signatures": signatures})


class Request(NamedTuple):
    """A task's parameters."""

    action: str
    directory: Path
    at: str
    status: str
    step: str
    sentence: str
    commit: str
    secret_id_rotate_at: str
    reason: str
    by: str
    output: Output | None
    archive: Path | None
    keep_logs: int
    logs: int
    check_mode: bool
    entry: Subject | None = None
    key_file: Path | None = None
    run: str = ""
    adopts: bool = False
    ledger: bool = False
    requests: Sequence[Token] = ()
    entries: int = 0
    host: str = ""
    known_hosts: str = ""
    heads: Sequence[str] = ()
    copies: Sequence[Path] = ()
    counted_today: Sequence[str] | None = None
    list_commits: bool = False
    previous_commit: str = ""
    keep_ledger: int = 0
    attempts: int = 0

    @classmethod
    def from_params(cls, params: Mapping[str, Any], *, check_mode: bool) -> Request:
        """Take a module's parameters.

        Raises:
            Failure: one of them is no good; the sentence names it.
        """
        request = cls(
            action=params["action"],
            directory=_absolute(params["dir"], "dir"),
            at=params["at"],
            status=params["status"],
            step=params["step"],
            sentence=params["sentence"],
            commit=params["commit"],
            secret_id_rotate_at=params["secret_id_rotate_at"],
            reason=params["reason"],
            by=params["by"],
            output=Output(**params["output"]) if params["output"] else None,
            archive=_absolute(params["archive"], "archive") if params["archive"] else None,
            keep_logs=params["keep_logs"],
            logs=params["logs"],
            entry=Subject.of(params["entry"]) if params["entry"] else None,
            key_file=_absolute(params["key_file"], "key_file") if params["key_file"] else None,
            run=params["run"],
            adopts=params["adopts"],
            ledger=params["ledger"],
            requests=[Token(*_texts(each, Token._fields)) for each in params["requests"]],
            entries=params["entries"],
            host=params["host"],
            known_hosts=params["known_hosts"],
            heads=params["heads"],
            copies=[_absolute(each, "copies") for each in params["copies"]],
            counted_today=params["counted_today"],
            list_commits=params["list_commits"],
            previous_commit=params["previous_commit"],
            keep_ledger=params["keep_ledger"],
            attempts=params["attempts"],
            check_mode=check_mode,
        )
        request._check()
        return request

    def _check(self) -> None:
        if self.action in (BEGIN, END, SUSPEND) and not _TIME.fullmatch(self.at):
            raise Failure("at: it is not a time in UTC as ISO 8601.")
        if self.action == END and not self.status:
            raise Failure("status: action: end needs it.")
        if self.action == SUSPEND:
            self.mark()
        self._check_output()
        for option, commit in (
            ("commit", self.commit),
            ("previous_commit", self.previous_commit),
            ("output.commit", self.output.commit if self.output else ""),
        ):
            if commit and not _COMMIT.fullmatch(commit):
                raise Failure(f"{option}: it is not a full commit id.")
        for option in ("keep_logs", "keep_ledger", "logs", "entries", "attempts"):
            if getattr(self, option) < 0:
                raise Failure(f"{option}: it must not be negative.")
        self._check_entry()
        if self.archive and self.archive.parent != self.directory.parent:
            raise Failure("archive: it does not lie beside dir.")

    def _check_output(self) -> None:
        for name in ("started_at", "finished_at") if self.output else ():
            if not _TIME.fullmatch(getattr(self.output, name)):
                raise Failure(f"output.{name}: it is not a time in UTC as ISO 8601.")

    def _check_entry(self) -> None:
        if self.run and not _RUN.fullmatch(self.run):
            raise Failure("run: it is not what action: begin has returned.")
        if self.run and not self.entry:
            raise Failure("entry: run needs it.")
        if self.action == BEGIN and self.entry and not (self.commit and self.entry.repo and self.entry.branch):
            raise Failure("entry: action: begin needs commit, and its repo and branch.")
        if not all(_HEAD.fullmatch(head) for head in self.heads):
            raise Failure("heads: one of them is not a SHA-256 in hexadecimal.")

    def mark(self) -> bytes:
        """Return the mark that `SUSPEND` is to put.

        Raises:
            Failure: it could not be shown; the sentence names the parameter at fault.
        """
        return line(self.reason, self.by, self.at)


def _texts(values: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    return (str(values.get(name) or "") for name in names)


def _absolute(path: str, option: str) -> Path:
    if not path.startswith("/") or "\0" in path:
        raise Failure(f"{option}: it is not an absolute path.")
    return Path(path)
