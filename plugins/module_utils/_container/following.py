# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A container is followed to its end, killed when its time is over, and its result taken."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container
from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Gone, Refused, Unreachable
from ansible_collections.flant.gitops.plugins.module_utils._container.outcome import Ending
from ansible_collections.flant.gitops.plugins.module_utils._container.output import (
    STDERR,
    STDOUT,
    BoundedOutput,
    Frames,
)
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Attached, Engine
    from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request

# How often a silent engine is doubted: it may forget to say that a container has ended.
_DOUBT_SECONDS = 30.0
# How long a killed container may take to die, and an engine that restarts to come back.
_PATIENCE_SECONDS = 60.0
_RETRY_SECONDS = 0.5
# How long commands that have closed their output may go on before it is doubted that they, and not the connection, did.
_SILENCE_SECONDS = 0.5
_KILLED = 128 + 9


class Follower:
    """Follows one container to its end."""

    def __init__(self, engine: Engine, request: Request, container: str, masking: Masking, warnings: list[str]) -> None:
        """Follow the container of the id ``container`` for ``request``; what has to be said goes to ``warnings``."""
        self._engine = engine
        self._request = request
        self._container = container
        self._masking = masking
        self._was_lost = False
        self._was_killed = False
        self._is_doubtful = False
        self._warnings = warnings

    def start(self) -> Ending:
        """Start the container and return how it ended; its output is caught from the first byte on.

        Raises:
            Failure: it could not be started, went away, or does not end.
        """
        output = self._new_output()
        frames = Frames()
        with self._engine.attach(self._container) as attached:
            self._engine.start(self._container)
            deadline = Deadline(self._request.timeout)
            self._catch(attached, frames, output, deadline)
            silent_since = time.monotonic()
            if not self._ends_by(deadline):
                self._kill()
                self._catch(attached, frames, output, Deadline(_PATIENCE_SECONDS))
                self._must_end()
            was_silent = time.monotonic() - silent_since > _SILENCE_SECONDS
        container = self._last_look(deadline)
        if was_silent or self._is_doubtful or self._was_lost:
            logged = self._read_log()
            self._was_lost = self._was_lost or self._written(logged) > self._written(output)
            if self._was_lost:
                output = self._told(logged)
        return self._ending(container, output)

    def adopt(self, found: Container) -> Ending:
        """Wait for the container, which somebody else started, and return how it ended.

        Its time counts from its start, on the engine's clock. Its output is what the engine's log still has.
        """
        deadline = Deadline(0)
        if found.is_under_way and found.started_at:
            age = (self._engine.now() - found.started_at).total_seconds()
            deadline = Deadline(self._request.timeout - age)
            if not self._ends_by(deadline):
                self._kill()
                self._must_end()
        container = self._last_look(deadline)
        return self._ending(container, self._told(self._read_log()), adopted=True)

    def so_far(self) -> tuple[str, str]:
        """Return what the engine's log has of the container's standard output and error by now."""
        output = self._told(self._read_log())
        return output[STDOUT].text(), output[STDERR].text()

    def _new_output(self) -> dict[int, BoundedOutput]:
        return {stream: BoundedOutput(self._request.max_output, self._masking) for stream in (STDOUT, STDERR)}

    def _catch(self, attached: Attached, frames: Frames, output: dict[int, BoundedOutput], deadline: Deadline) -> None:
        """Take what the container writes until it ends or the deadline has passed."""
        while not deadline.passed:
            data = attached.receive(min(deadline.left, _DOUBT_SECONDS))
            if data is None:
                self._is_doubtful = True  # nothing may be said, or nothing of it arrive
                with contextlib.suppress(Unreachable):
                    if not self._is_under_way():
                        return
                continue
            self._is_doubtful = False
            if not data:
                return
            for stream, piece in frames.feed(data):
                output[stream].feed(piece)

    def _ends_by(self, deadline: Deadline) -> bool:
        """Wait, through restarts of the engine, and return whether the container ended in time."""
        while not deadline.passed:
            try:
                if self._engine.wait(self._container, min(deadline.left, _DOUBT_SECONDS)) or not self._is_under_way():
                    return True
            except Unreachable:  # noqa: PERF203 -- it waits, it does not hurry
                self._was_lost = True
                time.sleep(_RETRY_SECONDS)
        return False

    def _is_under_way(self) -> bool:
        described = self._engine.container(self._container)
        return described is not None and Container.from_inspect(described).is_under_way

    def _kill(self) -> None:
        self._was_killed = True
        self._engine.kill(self._container)

    def _must_end(self) -> None:
        if not self._ends_by(Deadline(_PATIENCE_SECONDS)):
            raise Failure(
                f"Container {self._request.name} did not end within {_PATIENCE_SECONDS:.0f} s after it was killed.",
                timed_out=True,
                container_id=self._container,
            )

    def _last_look(self, deadline: Deadline) -> Container:
        patience = Deadline(max(deadline.left, _PATIENCE_SECONDS))
        while True:
            try:
                described = self._engine.container(self._container)
                break
            except Unreachable:
                if patience.passed:
                    raise
                self._was_lost = True
                time.sleep(_RETRY_SECONDS)
        if described is None:
            raise self._gone()
        return Container.from_inspect(described)

    def _gone(self) -> Gone:
        return Gone(f"Container {self._request.name} was removed by somebody else, and its result with it.", 0)

    def _read_log(self) -> dict[int, BoundedOutput]:
        output = self._new_output()
        try:
            for stream, taken in output.items():
                for piece in self._engine.log(self._container, stdout=stream == STDOUT):
                    taken.feed(piece)
        except Refused as refused:
            described = self._engine.container(self._container)
            if described is None or Container.from_inspect(described).is_going_away:
                raise self._gone() from refused
            raise
        return output

    @staticmethod
    def _written(output: dict[int, BoundedOutput]) -> int:
        return sum(taken.written for taken in output.values())

    def _told(self, output: dict[int, BoundedOutput]) -> dict[int, BoundedOutput]:
        """Return ``output``, which comes from the log, once what may be missing of it has been told."""
        if self._was_lost:
            self._warnings.append(
                f"The connection to the engine was lost while container {self._request.name} ran; "
                "its output is what the engine's log has.",
            )
        if self._written(output) >= self._request.max_output:
            self._warnings.append(
                f"The output of container {self._request.name} was read from the engine's log, which keeps the end; "
                "its beginning may be missing.",
            )
        return output

    def _ending(self, container: Container, output: dict[int, BoundedOutput], *, adopted: bool = False) -> Ending:
        return Ending(
            container,
            output[STDOUT].text(),
            output[STDERR].text(),
            timed_out=container.exit_code == _KILLED and (self._was_killed or self._outlived(container)),
            adopted=adopted,
        )

    def _outlived(self, container: Container) -> bool:
        """Whether the container ran for as long as it may, so that it was most likely killed for it."""
        if not container.started_at or not container.finished_at:
            return False
        return (container.finished_at - container.started_at).total_seconds() >= self._request.timeout
