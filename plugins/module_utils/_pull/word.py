# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the role says to the program that has started ansible-pull: whether it has left anything open.

The program names a file in the environment, and each run of the role adds a line to it when it begins, and another one
when it ends with nothing to do. A run that ends otherwise leaves the first one standing.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "FLANT_GITOPS_QUIET"
"""The environment variable that names the file. Where it is not set, nobody listens."""


class Word(NamedTuple):
    """What is asked, and what there was to find, so that the same can be asked again without Ansible.

    Attributes:
        directory: the instance's folder.
        status: what the poll came to.
        head: where the branch stood.
        signatures_head: where the signatures stood.
        poll: the parameters of the poll; empty if none is to be made.
        files: what else decided.
        due: when something is due, in seconds since the epoch; 0 for never.
    """

    directory: str
    status: str
    head: str
    signatures_head: str
    poll: Mapping[str, Any]
    files: tuple[str, ...]
    due: float


def say(who: str, word: Word | None) -> None:
    """Add what a run of the role has to say, None where it has only begun; ``who`` tells it from others.

    Nobody learns that it could not be said: then nothing is skipped.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = json.dumps([who, word and word._asdict()]) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
            os.write(descriptor, line.encode())
    except OSError:
        return
    finally:
        os.close(descriptor)


def heard(lines: bytes) -> Word | None:
    """Return the word that was said last, if it is the only one and nothing is open.

    Raises:
        TypeError, ValueError: the lines are damaged.
    """
    last = dict(json.loads(line) for line in lines.splitlines())
    words = list(last.values())
    return word_of(words[0]) if len(words) == 1 and words[0] else None


def word_of(fields: Mapping[str, Any]) -> Word:
    """Return the word that was written as a dictionary.

    Raises:
        TypeError: it has other fields.
    """
    word = Word(**fields)
    return word._replace(files=tuple(word.files))
