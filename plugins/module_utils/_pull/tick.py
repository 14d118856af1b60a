# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whether anything can have changed since the last whole run; without a doubt that nothing has, there is none to start.

Whatever cannot be told is a doubt, and whatever goes wrong here is one, too. What lies in the instance's folder only
ever decides between starting the one command that the schedule has, and not starting it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import remove as remove_any
from ansible_collections.flant.gitops.plugins.module_utils._private_file import create, open_regular, remove
from ansible_collections.flant.gitops.plugins.module_utils._public_file import remove_unfinished
from ansible_collections.flant.gitops.plugins.module_utils._pull import moment, playbook, quiet, repository, word
from ansible_collections.flant.gitops.plugins.module_utils._pull.quiet import Quiet
from ansible_collections.flant.gitops.plugins.module_utils._pull.traces import newest, traces
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.glance import Seen, glance
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._pull.moment import Moment
    from ansible_collections.flant.gitops.plugins.module_utils._pull.settings import Settings

_SAID = Path("quiet.new")
_COARSE = 0.05  # seconds: the kernel stamps files by a clock that lags behind


class Schedule(NamedTuple):
    """A schedule whose runs may be skipped.

    Attributes:
        settings: what it was told.
        directory: a descriptor of the instance's folder.
        program: the program itself, a file that a new version takes the place of.
        now: the clocks.
    """

    settings: Settings
    directory: int
    program: Path
    now: Callable[[], Moment] = moment.now

    @property
    def digest(self) -> str:
        """What tells these settings from others."""
        return hashlib.sha256(self.settings.dump()).hexdigest()


class Tick(NamedTuple):
    """What was found before ansible-pull is started.

    Attributes:
        doubt: why it has to run, in words; empty if it need not.
        began: when this was; None if that, or the next, cannot be told.
        playbook: what the playbook's server said of its ref.
    """

    doubt: str
    began: Moment | None = None
    playbook: str = ""


def look(schedule: Schedule) -> Tick:
    """Return what is found; whatever goes wrong is a doubt."""
    known = schedule.settings
    try:
        repository.check(known.repository)
        began = schedule.now()
        with playbook.asked(playbook.source(known.command), {**os.environ, **known.environment}) as answer:
            answered = functools.cache(answer)
            doubt = _doubt(schedule, began, answered)
            return Tick(doubt, began, answered())
    except Exception as error:  # noqa: BLE001 -- any doubt starts a whole run, which fails or not by itself
        return Tick(_told(error))


def _doubt(schedule: Schedule, began: Moment, answer: Callable[[], str]) -> str:
    try:
        kept = quiet.load(schedule.directory)
        doubt = kept.doubt(began, schedule.digest, schedule.settings.full_every)
        if doubt:
            return doubt
        stands = _stands(kept.word, lambda: answer() == kept.playbook)
        has_moved = answer() != kept.playbook
    except Exception as error:  # noqa: BLE001 -- likewise
        return _told(error)
    if has_moved:
        return "the repository of the playbook has moved"
    return "" if stands else "the branch or its signatures have moved"


def _stands(said: word.Word, counts: Callable[[], bool]) -> bool:
    if not said.poll:
        return counts()
    request = Request.from_params(said.poll, check_mode=True)
    request = request._replace(timeout=min(request.timeout, playbook.TIMEOUT))
    return glance(request, Seen(said.status, said.head, said.signatures_head), counts)


def _told(error: Exception) -> str:
    return str(error).rstrip(".") if isinstance(error, Failure) else repr(error)


@contextlib.contextmanager
def listening(schedule: Schedule) -> Iterator[dict[str, str]]:
    """Forget the last whole run, and yield the variables that let the role say what it leaves of this one.

    Raises:
        OSError: what the last one has left cannot be removed.
    """
    forget(schedule)
    try:
        with contextlib.suppress(OSError):  # such as of a full disk: then nobody is heard, and the next run is whole
            os.close(create(_SAID, dir_fd=schedule.directory))
        yield {word.VARIABLE: f"{schedule.settings.directory}/{_SAID}"}
    finally:
        remove(_SAID, dir_fd=schedule.directory)


def forget(schedule: Schedule) -> None:
    """Forget the last whole run, and what the role has said of one that was cut off.

    Raises:
        OSError: what is left of it cannot be removed.
    """
    for name in (quiet.FILE, _SAID):
        with contextlib.suppress(FileNotFoundError):
            remove_any(Path(schedule.settings.directory) / name)
    remove_unfinished(str(quiet.FILE), schedule.directory)


def keep(schedule: Schedule, tick: Tick) -> None:
    """Keep what the next run can be skipped by, after a whole run that has ended well.

    Raises:
        Failure: it cannot be skipped.
        OSError: it cannot be kept.
    """
    if not tick.began:
        raise Failure(tick.doubt)
    with os.fdopen(open_regular(_SAID, dir_fd=schedule.directory), "rb") as file:
        said = word.heard(file.read(quiet.MOST))
    if not said or said.directory != schedule.settings.directory:
        raise Failure("something is left open, or was done")
    doubt = tick.began.doubt(schedule.now(), schedule.settings.full_every)
    if doubt:
        raise Failure(doubt)
    paths = {*playbook.files(schedule.settings), *said.files, str(schedule.program)}
    found = {path: traces(path) for path in sorted(paths)}
    for path, each in found.items():
        if newest(each) > tick.began.wall - _COARSE:
            raise Failure(f"{path} has changed meanwhile")
    quiet.keep(schedule.directory, Quiet(tick.began, schedule.digest, tick.playbook, found, said))
