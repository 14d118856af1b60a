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
    from collections.abc import Mapping, Sequence

BEGIN = "begin"
END = "end"
SHOW = "show"
SUSPEND = "suspend"
RESUME = "resume"

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
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
        for option, commit in (("commit", self.commit), ("output.commit", self.output.commit if self.output else "")):
            if commit and not _COMMIT.fullmatch(commit):
                raise Failure(f"{option}: it is not a full commit id.")
        if self.output and not _TIME.fullmatch(self.output.started_at):
            raise Failure("output.started_at: it is not a time in UTC as ISO 8601.")
        for option, number in (("keep_logs", self.keep_logs), ("logs", self.logs)):
            if number < 0:
                raise Failure(f"{option}: it must not be negative.")
        if self.archive and self.archive.parent != self.directory.parent:
            raise Failure("archive: it does not lie beside dir.")

    def mark(self) -> bytes:
        """Return the mark that `SUSPEND` is to put.

        Raises:
            Failure: it could not be shown; the sentence names the parameter at fault.
        """
        return line(self.reason, self.by, self.at)


def _absolute(path: str, option: str) -> Path:
    if not path.startswith("/") or "\0" in path:
        raise Failure(f"{option}: it is not an absolute path.")
    return Path(path)
