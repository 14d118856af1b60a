# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The four actions. A container's name is the lock; its labels say whose it is.

Of any number of callers at most one starts a run, because at most one creates the container of the name, and a
container whose maker is gone is removed, never started.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._container import builder, labels, making, spec
from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container, Standing, judge
from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Refused, connect
from ansible_collections.flant.gitops.plugins.module_utils._container.following import Follower
from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking
from ansible_collections.flant.gitops.plugins.module_utils._container.outcome import Ending, Outcome, stamp
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Engine
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request

_POLL_SECONDS = 0.2
# What a shell, an init or an engine answers where a program cannot be run.
_CANNOT_RUN = (126, 127, 255)


def run(request: Request) -> Outcome:
    """Do what ``request`` asks for.

    Raises:
        Failure: it could not be done, or the commands failed; the result then holds their rc and output.
    """
    try:
        with connect(request.docker_host, request.tls) as engine:
            return _Call(engine, request).perform()
    except Failure as failure:
        password = [request.registry.password] if request.registry else []
        masking = Masking([*request.secret_env.values(), *password])
        raise Failure(masking.hide_text(str(failure)), **failure.result) from failure


class _Call:
    """One call of the module against one engine."""

    def __init__(self, engine: Engine, request: Request) -> None:
        self._engine = engine
        self._request = request
        self._name = request.name
        self._run_digest = labels.digest(request)
        self._warnings: list[str] = []

    def perform(self) -> Outcome:
        actions = {"prepare": self._prepare, "run": self._run, "adopt": self._adopt, "remove": self._remove}
        outcome = actions[self._request.action]()
        return replace(outcome, image=self._request.image.text or None, warnings=self._warnings)

    # What each action does

    def _prepare(self) -> Outcome:
        request, engine = self._request, self._engine
        found, standing = self._settled()
        self._refuse_foreign(standing)
        making.check_network(engine, request.network_mode)
        if standing in (Standing.SAME_RUNNING, Standing.SAME_EXITED, Standing.OTHER_RUNNING, Standing.BEING_MADE):
            return _standing_by(found, standing)
        if request.check_mode:
            return replace(_standing_by(found, standing), changed=making.find_image(engine, request) is None)
        image, pulled = making.ensure_image(engine, request, Deadline(request.timeout))
        spec.create_body(request, image, {}, engine.dialect)
        return replace(_standing_by(found, standing), changed=pulled, image_id=image["Id"])

    def _run(self) -> Outcome:
        patience = Deadline(self._request.timeout)
        while True:
            found, standing = self._settled()
            self._refuse_foreign(standing)
            if found and standing is Standing.BEING_MADE and self._is_same(found) and not patience.passed:
                time.sleep(_POLL_SECONDS)
                continue
            if standing in (Standing.OTHER_RUNNING, Standing.BEING_MADE):
                raise self._busy(found)
            if self._request.check_mode:
                return Outcome(changed=not self._is_done_already(), existing=standing.existing)
            if found and standing in (Standing.SAME_RUNNING, Standing.SAME_EXITED):
                return self._take_over(found)
            if found:
                self._warnings.append(
                    f"The container of another run, which ended with rc {found.exit_code}, stood under the name "
                    f"{self._name} and was removed.",
                )
                self._engine.remove(found.id)
            with contextlib.suppress(_NameTakenError):
                return replace(self._start_new(), existing=standing.existing)

    def _adopt(self) -> Outcome:
        found, standing = self._looked()
        if not found or standing not in (Standing.SAME_RUNNING, Standing.SAME_EXITED):
            return _standing_by(found, standing)
        if self._request.check_mode:
            return replace(_standing_by(found, standing), changed=True)
        return self._take_over(found)

    def _remove(self) -> Outcome:
        request = self._request
        found, standing = self._looked()
        if found is None:
            return Outcome(changed=False, existing="none")
        if labels.DIGEST not in found.labels:
            raise self._foreign()
        if request.identity and found.labels.get(labels.IDENTITY) != request.identity:
            return _standing_by(found, standing)
        if not request.check_mode:
            self._engine.remove(found.id)
        return Outcome(changed=True, existing="none", container_id=found.id)

    # What stands under the name

    def _looked(self) -> tuple[Container | None, Standing]:
        described = self._engine.container(self._name)
        found = Container.from_inspect(described) if described else None
        return found, judge(found, self._run_digest, builder.is_alive)

    def _settled(self) -> tuple[Container | None, Standing]:
        """Look, and clear away what is neither a run nor going to be one."""
        found, standing = self._looked()
        if found and standing in (Standing.HALF_MADE, Standing.GOING_AWAY):
            if not self._request.check_mode:
                self._engine.remove(found.id)
            return None, Standing.NONE
        return found, standing

    def _is_same(self, found: Container) -> bool:
        return found.labels.get(labels.DIGEST) == self._run_digest

    def _refuse_foreign(self, standing: Standing) -> None:
        if standing is Standing.FOREIGN:
            raise self._foreign()

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

    # How a run comes to its end

    def _is_done_already(self) -> bool:
        return bool(self._request.creates and self._request.creates.exists())

    def _start_new(self) -> Outcome:
        request, engine = self._request, self._engine
        making.check_network(engine, request.network_mode)
        deadline = Deadline(request.timeout)
        image, _pulled = making.ensure_image(engine, request, deadline)
        ours = builder.current()
        body = spec.create_body(request, image, labels.describe(request, self._run_digest, ours), engine.dialect)
        with self._removed_unless_kept(ours) as keep:
            container = self._create(body)
            making.fill(engine, request, container, body["User"], deadline)
            if self._is_done_already():
                return Outcome(changed=False, existing="none", image_id=image["Id"], skipped_start=True)
            follower = Follower(engine, request, container, Masking(request.secret_env.values()))
            try:
                ending = follower.start()
            except Refused:
                if reason := making.why_no_shell(engine, request.image, container, image):
                    raise Failure(reason) from None
                raise
            if ending.container.exit_code in _CANNOT_RUN and (
                reason := making.why_no_shell(engine, request.image, container, image)
            ):
                raise Failure(reason, **ending.result())
            self._warnings += follower.warnings
            if not request.cleanup:
                keep()
        return self._concluded(ending, "none")

    def _create(self, body: Mapping[str, Any]) -> str:
        """Create the container; its name can be taken in the meantime, which engines tell in different ways."""
        try:
            return self._engine.create(self._name, body)
        except Refused as refused:
            if self._engine.container(self._name):
                raise _NameTakenError from refused
            raise

    def _take_over(self, found: Container) -> Outcome:
        request = self._request
        follower = Follower(self._engine, request, found.id, Masking([*request.secret_env.values(), *found.secrets]))
        ending = follower.adopt(found)
        self._warnings += follower.warnings
        if request.cleanup:
            self._engine.remove(found.id)
        return self._concluded(ending, "same")

    def _concluded(self, ending: Ending, existing: str) -> Outcome:
        if not ending.succeeded:
            raise Failure(
                self._complaint(ending),
                existing=existing,
                image=self._request.image.text,
                warnings=self._warnings,
                **ending.result(),
            )
        return Outcome(changed=True, existing=existing, ending=ending, adopted=ending.adopted)

    def _complaint(self, ending: Ending) -> str:
        rc = ending.container.exit_code
        if ending.timed_out:
            how = f"were killed after {self._request.timeout:g} s"
        elif ending.container.oom_killed:
            how = f"ran out of memory and ended with rc {rc}"
        else:
            how = f"failed with rc {rc}"
        last = next((line for line in reversed(ending.stderr.splitlines()) if line.strip()), "")
        return f"The commands in container {self._name} {how}{f': {last.strip()}' if last else ''}."

    @contextlib.contextmanager
    def _removed_unless_kept(self, ours: str) -> Iterator[Any]:
        """Remove, on every path, the container under the name if it carries our mark, unless told to keep it."""
        kept = False

        def keep() -> None:
            nonlocal kept
            kept = True

        try:
            yield keep
        finally:
            if not kept:
                described = self._engine.container(self._name)
                found = Container.from_inspect(described) if described else None
                if found and found.labels.get(labels.BUILDER) == ours:
                    self._engine.remove(found.id)


class _NameTakenError(Exception):
    """Somebody else created a container of the name first."""


def _standing_by(found: Container | None, standing: Standing) -> Outcome:
    return Outcome(
        changed=False,
        existing=standing.existing,
        image_id=found.image_id if found else None,
        container_id=found.id if found else None,
        started_at=stamp(found.started_at) if found else None,
    )
