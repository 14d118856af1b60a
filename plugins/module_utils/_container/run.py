# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The five actions. A container's name is the lock; its labels say whose it is.

Of any number of callers at most one starts a run, because at most one creates the container of the name, and a
container whose maker is gone is removed, never started.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.flant.gitops.plugins.module_utils._container import (
    builder,
    filling,
    labels,
    making,
    seal,
    spec,
)
from ansible_collections.flant.gitops.plugins.module_utils._container.claim import (
    Container,
    Standing,
    belongs_to_another,
    is_of,
    judge,
)
from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Gone, NameTaken, Refused, connect
from ansible_collections.flant.gitops.plugins.module_utils._container.following import Follower
from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking
from ansible_collections.flant.gitops.plugins.module_utils._container.outcome import Ending, Outcome, stamp
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import exists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Engine
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request

_POLL_SECONDS = 0.2
# How long after its time a container may run before nobody can be there any more to kill it.
_OVERDUE_SECONDS = 120.0
# How the engines' inits begin to say that they could not run the shell.
_INITS = ("[FATAL tini", "ERROR (catatonit")


def run(request: Request) -> Outcome:
    """Do what ``request`` asks for.

    Raises:
        Failure: it could not be done, or the commands failed; the result then holds their rc and output.
    """
    warnings: list[str] = []
    try:
        with connect(request.docker_host, request.tls) as engine:
            outcome = _Call(engine, request, warnings).perform()
    except Failure as failure:
        message = Masking(request.secrets).hide_text(str(failure))
        raise Failure(message, **failure.result).after(warnings) from failure
    return replace(outcome, image=request.image.text or None, warnings=warnings)


class _Call:
    """One call of the module against one engine."""

    def __init__(self, engine: Engine, request: Request, warnings: list[str]) -> None:
        self._engine = engine
        self._request = request
        self._name = request.name
        self._run_digest = labels.digest(request)
        self._owner = labels.of_owner(request.owner)
        self._warnings = warnings

    def perform(self) -> Outcome:
        actions = {
            "prepare": self._prepare,
            "run": self._run,
            "adopt": self._adopt,
            "remove": self._remove,
            "show": self._show,
        }
        return actions[self._request.action]()

    # The actions

    def _prepare(self) -> Outcome:
        request, engine = self._request, self._engine
        found, standing = self._settle()
        making.check_network(engine, request.network_mode)
        outcome = self._busy_elsewhere(found) or _standing_by(found, standing)
        if outcome.existing == Standing.OTHER_RUNNING.existing:
            return outcome
        if standing not in (Standing.NONE, Standing.OTHER_EXITED):
            return outcome
        if request.check_mode:
            return replace(outcome, changed=making.find_image(engine, request) is None)
        image, gained = making.ensure_image(engine, request, Deadline(request.timeout))
        spec.create_body(request, image, {}, engine.dialect)
        return replace(outcome, changed=gained, image_id=image["Id"])

    def _run(self) -> Outcome:
        patience = Deadline(self._request.timeout)
        while True:
            found, standing = self._settle()
            if standing in (Standing.SAME_RUNNING, Standing.SAME_EXITED) and found:
                return self._take_over(found)
            waits = standing is Standing.BEING_MADE and self._is_same(found)
            if standing in (Standing.OTHER_RUNNING, Standing.BEING_MADE) and (patience.passed or not waits):
                raise self._busy(found)
            if self._request.check_mode:
                return Outcome(changed=not self._is_done_already(), existing=standing.existing)
            if not waits:
                if found:
                    self._replace(found)
                try:
                    return replace(self._start_new(), existing=standing.existing)
                except NameTaken:
                    if patience.passed:
                        raise  # Docker may know a name longer than the container that had it
            time.sleep(_POLL_SECONDS)

    def _adopt(self) -> Outcome:
        found, standing = self._look()
        if standing in (Standing.SAME_RUNNING, Standing.SAME_EXITED) and found:
            with contextlib.suppress(Gone):
                return self._take_over(found)
            return Outcome(changed=False, existing="none")
        return _standing_by(found, standing)

    def _remove(self) -> Outcome:
        found, standing = self._look()
        if found is None:
            return Outcome(changed=False, existing="none")
        if labels.DIGEST not in found.labels:
            raise self._foreign()
        if any(self._owner.values()):
            self._check_owner(found)
        if self._request.identity and found.labels.get(labels.IDENTITY) != self._request.identity:
            return _standing_by(found, standing)
        if not self._request.check_mode:
            self._discard(found)
        revealed = found.secret_env if self._request.return_secret_env else None
        return Outcome(changed=True, existing="none", container_id=found.id, secret_env=revealed)

    def _show(self) -> Outcome:
        request = self._request
        found, standing = self._look()
        if found is None:
            return Outcome(changed=False, existing="none")
        if labels.DIGEST not in found.labels:
            raise self._foreign()
        identity = found.labels.get(labels.IDENTITY, "")
        is_asked_for = bool(request.identity) and identity == request.identity and is_of(found, self._owner)
        output = None
        if found.started_at:
            masking = Masking([*request.secrets, *found.secrets])
            output = Follower(self._engine, request, found.id, masking, self._warnings).so_far()
        return replace(
            _standing_by(found, standing),
            existing="same" if is_asked_for and found.started_at else standing.existing,
            identity=printable(identity),
            output=output,
        )

    # What stands under the name

    def _look(self) -> tuple[Container | None, Standing]:
        described = self._engine.container(self._name)
        found = Container.from_inspect(described) if described else None
        # Of another owner's, no run is this one.
        run_digest = self._run_digest if found and is_of(found, self._owner) else ""
        return found, judge(found, run_digest, builder.is_alive)

    def _settle(self) -> tuple[Container | None, Standing]:
        """Look, and clear away what is no run and will never be one."""
        found, standing = self._look()
        if standing is Standing.FOREIGN:
            raise self._foreign()
        if found:
            self._check_owner(found)
        is_overdue = found is not None and standing is Standing.OTHER_RUNNING and self._is_overdue(found)
        if found and is_overdue:
            self._warn_of_overdue(found)
        if found and (is_overdue or standing in (Standing.HALF_MADE, Standing.GOING_AWAY)):
            if not self._request.check_mode:
                self._discard(found)
            return None, Standing.NONE
        return found, standing

    def _busy_elsewhere(self, named: Container | None) -> Outcome | None:
        """Return that a run of this owner is under way under another name, None where there is none."""
        if not all(self._owner.values()):
            return None
        for container in self._engine.labelled(self._owner):
            described = self._engine.container(container)
            found = Container.from_inspect(described) if described else None
            if not found or not found.is_under_way or (named and named.id == found.id):
                continue
            if not self._is_overdue(found):
                return _standing_by(found, Standing.OTHER_RUNNING)
            self._warn_of_overdue(found)
            if not self._request.check_mode:
                self._engine.remove(found.id)
        return None

    def _warn_of_overdue(self, found: Container) -> None:
        self._warnings.append(
            f"The container of another run, which was still running under the name {found.name} "
            f"long after its {found.timeout:g} s, was killed and removed."
        )

    def _check_owner(self, found: Container) -> None:
        """Refuse a container of our name that another machine or instance has made on an engine that both use."""
        if belongs_to_another(found, self._owner):
            whose = ", ".join(
                f"{label.rpartition('.')[2]} {printable(found.labels.get(label, ''))}" for label in self._owner
            )
            raise Failure(f"name: container {self._name} belongs to {whose}, and not to owner, so it is left alone.")

    def _is_overdue(self, found: Container) -> bool:
        """Whether the run that should have killed the container at the end of its time must be dead."""
        if labels.DIGEST not in found.labels or not found.started_at:
            return False
        age = (self._engine.now() - found.started_at).total_seconds()
        return age > found.timeout + _OVERDUE_SECONDS

    def _is_same(self, found: Container | None) -> bool:
        return found is not None and is_of(found, self._owner) and found.labels.get(labels.DIGEST) == self._run_digest

    def _foreign(self) -> Failure:
        return Failure(f"name: container {self._name} was not made by this module, so it is left alone.")

    def _busy(self, found: Container | None) -> Failure:
        since = stamp(found.started_at) if found else None
        return Failure(
            f"Container {self._name} belongs to another run, which is under way{f' since {since}' if since else ''}.",
            existing="other_running",
            started_at=since,
            container_id=found.id if found else None,
        )

    def _replace(self, found: Container) -> None:
        self._warnings.append(
            f"The container of another run, which ended with rc {found.exit_code}, stood under the name {self._name} "
            "and was removed.",
        )
        self._engine.remove(found.id)

    def _discard(self, found: Container) -> None:
        """Remove a container, and before it what it was being filled through."""
        if found.started_at is None and labels.BUILDER in found.labels:
            filling.forget_feeders(self._engine, found.labels[labels.BUILDER])
        self._engine.remove(found.id)

    # How a run comes to its end

    def _is_done_already(self) -> bool:
        return bool(self._request.creates and exists(self._request.creates, "creates"))

    def _start_new(self) -> Outcome:
        request, engine = self._request, self._engine
        making.check_network(engine, request.network_mode)
        deadline = Deadline(request.timeout)
        image, _gained = making.ensure_image(engine, request, deadline)
        ours = builder.current()
        body = spec.create_body(request, image, labels.describe(request, self._run_digest, ours), engine.dialect)
        with self._removed_unless_kept(ours) as keep, making.with_init():
            with uninterrupted():  # or the engine would go on making what is not there to be removed yet
                container = engine.create(self._name, body)
            made = engine.container(container)
            if made:  # or it was removed by somebody, and cannot be started
                self._warnings.extend(seal.check(body, image, made, request.accept_missing))
            filling.fill(engine, request, filling.New(container, image["Id"], body["User"], ours), deadline)
            if self._is_done_already():
                return Outcome(changed=False, existing="none", image_id=image["Id"], skipped_start=True)
            ending = self._follow(container, image)
            if not request.cleanup:
                keep()
        return self._concluded(ending, "none")

    def _follow(self, container: str, image: Mapping[str, Any]) -> Ending:
        follower = Follower(self._engine, self._request, container, Masking(self._request.secrets), self._warnings)
        try:
            ending = follower.start()
        except Refused:
            making.check_shell(self._engine, self._request.image, container, image)
            raise
        if not ending.succeeded and ending.stderr.startswith(_INITS):
            said = ending.stderr.splitlines()[0]
            try:
                making.check_shell(self._engine, self._request.image, container, image, said)
            except Failure as failure:  # the commands may have said it themselves, so that what they said is kept
                raise self._failed(str(failure), ending, "none") from failure
        return ending

    def _take_over(self, found: Container) -> Outcome:
        request = self._request
        if request.check_mode:
            return replace(_standing_by(found, Standing.SAME_EXITED), changed=True)
        masking = Masking([*request.secrets, *found.secrets])
        ending = Follower(self._engine, request, found.id, masking, self._warnings).adopt(found)
        if request.cleanup:
            self._clear_away(found.id)
        return self._concluded(ending, "same")

    def _concluded(self, ending: Ending, existing: str) -> Outcome:
        if not ending.succeeded:
            raise self._failed(self._complaint(ending), ending, existing)
        return Outcome(changed=True, existing=existing, ending=ending, adopted=ending.adopted)

    def _failed(self, message: str, ending: Ending, existing: str) -> Failure:
        return Failure(message, existing=existing, image=self._request.image.text, **ending.result())

    def _complaint(self, ending: Ending) -> str:
        rc = ending.container.exit_code
        if ending.timed_out:
            how = f"were killed after {self._request.timeout:g} s"
        elif ending.container.oom_killed:
            how = f"ran out of memory and ended with rc {rc}"
        elif not ending.container.is_end_known:
            how = "were cut off, and the engine does not know how they ended"
        else:
            how = f"failed with rc {rc}"
        last = next((printable(line) for line in reversed(ending.stderr.splitlines()) if line.strip()), "")
        return f"The commands in container {self._name} {how}{f': {last}' if last else ''}."

    @contextlib.contextmanager
    def _removed_unless_kept(self, ours: str) -> Iterator[Callable[[], None]]:
        """Remove, on every path, the container under the name if ``ours`` made it, unless told to keep it."""
        kept: list[bool] = []
        try:
            yield lambda: kept.append(True)
        finally:
            if not kept:
                self._clear_away(self._name, ours)

    def _clear_away(self, container: str, ours: str | None = None) -> None:
        """Remove a container, if it is there and made by ``ours``; that it cannot be spoils no result."""
        try:
            described = self._engine.container(container)
            found = Container.from_inspect(described) if described else None
            if found and ours in (None, found.labels.get(labels.BUILDER)):
                self._discard(found)
        except Failure as failure:
            self._warnings.append(f"Container {self._name} could not be removed and has to be later: {failure}")


def _standing_by(found: Container | None, standing: Standing) -> Outcome:
    return Outcome(
        changed=False,
        existing=standing.existing,
        image_id=found.image_id if found else None,
        container_id=found.id if found else None,
        started_at=stamp(found.started_at) if found else None,
    )
