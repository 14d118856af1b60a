# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What is kept of a whole run, so that the next ones can be skipped as long as all of it stands: ``quiet.json``."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._private_file import open_regular, replace
from ansible_collections.flant.gitops.plugins.module_utils._pull.moment import Moment
from ansible_collections.flant.gitops.plugins.module_utils._pull.traces import Trace, Traces, traces
from ansible_collections.flant.gitops.plugins.module_utils._pull.word import Word, word_of

FILE = Path("quiet.json")
MOST = 1 << 20
"""Bytes of the longest one that is read."""

_VERSION = 1
_PRIVATE = 0o600


class Quiet(NamedTuple):
    """What a run that has left nothing open has found.

    Attributes:
        began: when it began.
        settings: a digest of the schedule's settings.
        playbook: what the playbook's server said of its ref before the run.
        files: each file that it went by, as it was found after the run, which has changed none of them.
        word: what the role has said.
    """

    began: Moment
    settings: str
    playbook: str
    files: dict[str, Traces]
    word: Word

    def doubt(self, now: Moment, settings: str, most: float) -> str:
        """Return what on this host may have changed, in words; empty if nothing has.

        Args:
            now: this moment.
            settings: a digest of the settings as they are now.
            most: after how many seconds a whole run is due.
        """
        if self.settings != settings:
            return "the schedule was changed"
        clocks = self.began.doubt(now, most)
        if clocks:
            return clocks
        if self.word.due and now.wall >= self.word.due:
            return "something is due"
        changed = next((path for path, found in self.files.items() if traces(path) != found), "")
        return f"{changed} has changed" if changed else ""


def load(directory: int) -> Quiet:
    """Return what lies in ``directory``, a descriptor.

    Raises:
        Failure: nothing does, or nothing that this version has written as this user.
    """
    try:
        with os.fdopen(open_regular(FILE, dir_fd=directory), "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) != _PRIVATE or status.st_nlink != 1:
                raise Failure(f"{FILE} is not this user's alone")
            document = json.loads(file.read(MOST))
        if document["version"] != _VERSION:
            raise Failure(f"{FILE} is of another version")
        return Quiet(
            Moment(*document["began"]),
            str(document["settings"]),
            str(document["playbook"]),
            {path: (_trace(found[0]), _trace(found[1])) for path, found in document["files"].items()},
            word_of(document["word"]),
        )
    except FileNotFoundError:
        raise Failure("the last run has left something open") from None
    except (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError):
        raise Failure(f"{FILE} cannot be read") from None


def keep(directory: int, quiet: Quiet) -> None:
    """Put ``quiet`` in ``directory``, a descriptor.

    Raises:
        OSError: it cannot be written.
    """
    document = {**quiet._asdict(), "word": quiet.word._asdict(), "version": _VERSION}
    replace(FILE, json.dumps(document).encode(), dir_fd=directory)


def _trace(fields: list[int] | None) -> Trace | None:
    return Trace(*fields) if fields else None
