# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Logging in with a secret-id that is kept in a file, and replacing it in time.

The order of steps keeps a working secret-id on disk wherever a run is killed, and tells the next run what to end:
create, stage, prove, note the old one, replace the file, destroy the old one.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Entry, Session
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._vault.approle import AppRole
    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Section
    from ansible_collections.flant.gitops.plugins.module_utils._vault.secret_id_file import SecretIdFile, Stored
    from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapped_secret_id import WrappedSecretId

_NOT_ACCEPTED = 400
_HEARD_OF_WITHIN = 0.5  # seconds in which a cluster has mostly learnt of what one of its servers has made
_CALLS = 3  # look up, create, destroy
_SHARE = 10  # it is replaced once a tenth of its life has passed
_UNFINISHED = "the secret-id that an unfinished rotation had left"


def rotate_at(stored: Stored, ttl: float) -> float:
    """Return when the ``stored`` secret-id, which is meant to live for ``ttl`` seconds, is to be replaced.

    At a tenth of its life, so that nine tenths are left to notice that it cannot be replaced. One that did not come
    from a rotation, or that other users can read, is to be replaced at once.
    """
    if stored.ttl is None or stored.exposed:
        return stored.written
    return stored.written + min(ttl, stored.ttl) / _SHARE


def is_due(stored: Stored, ttl: float, now: float) -> bool:
    """Say whether the ``stored`` secret-id is to be replaced ``now``; a date in the future cannot be true, so it is."""
    return stored.written > now or rotate_at(stored, ttl) <= now


@dataclass(frozen=True)
class Rotation:
    """What it takes to log in with the secret-id in ``file``, which the caller has locked, and to replace it."""

    client: Client
    approle: AppRole
    file: SecretIdFile
    custody: Custody
    warnings: list[str]
    wrapped: WrappedSecretId | None

    def enter(self, calls: int, *, check_mode: bool) -> Entry:
        """Log in, and replace the secret-id when that is due; ``calls`` more calls are to be made with the login.

        A dead secret-id in the file yields to the option ``secret_id``, that to the one that a run which was cut off
        has left, and all of them to one that is still wrapped; check mode only looks at that, and does not log in.

        Raises:
            Failure: no secret-id is accepted, or it cannot be replaced.
        """
        stored = self.file.read()
        self._let_it_be_heard_of(stored)
        found = self._log_in(stored, check_mode=check_mode)
        now = time.time()
        if not found:
            return Entry(None, now, due=True)
        session, used = found
        current = stored if stored and stored.secret_id == used.secret_id else None
        at = rotate_at(current, self.approle.secret_id_ttl) if current else now
        due = not current or is_due(current, self.approle.secret_id_ttl, now)
        entry = Entry(session, now if due else at, due, secret_id=used.secret_id)
        self.warnings.extend(self._worth_knowing(stored, used))
        if check_mode:
            return entry
        self._finish_earlier(session, used, calls + (_CALLS if due else 0))
        if self.wrapped:
            self.wrapped.finish()
        if not due:
            return entry
        secret_id, ttl = self._replace(session, used.secret_id)
        at = time.time() + min(ttl, self.approle.secret_id_ttl) / _SHARE
        return replace(entry, rotated=True, rotate_at=at, secret_id=secret_id)

    def _let_it_be_heard_of(self, stored: Stored | None) -> None:
        """Wait until a secret-id that somebody has just put into the file is known to a standby, too.

        To be too early would cost a failed login, which counts towards the role's lockout. One of a rotation is proved.
        """
        if stored and stored.ttl is None:
            rest = stored.written + _HEARD_OF_WITHIN - time.time()
            if 0 < rest <= _HEARD_OF_WITHIN:  # a date in the future cannot be true
                self.client.halt.wait(rest)

    def _log_in(self, stored: Stored | None, *, check_mode: bool) -> tuple[Session, _Candidate] | None:
        end: Session | Rejected | None = None
        for candidate in self._candidates(stored):
            end = self._try(candidate)
            if isinstance(end, Session):
                return end, candidate
        token = self.wrapped.token() if self.wrapped else ""
        if self.wrapped and token:
            return self._enter_first(self.wrapped, token, check_mode=check_mode)
        if isinstance(end, Rejected):
            raise end
        state = "is empty" if stored else "does not exist yet"
        where = f"as a token in {self.wrapped.path}, which does not exist" if self.wrapped else "as secret_id"
        raise Failure(f"secret_id_file: {self.file.path} {state}; give a secret-id {where}.")

    def _enter_first(
        self, wrapped: WrappedSecretId, token: str, *, check_mode: bool
    ) -> tuple[Session, _Candidate] | None:
        if check_mode:
            wrapped.check(self.client, self.approle, token)
            return None
        secret_id = wrapped.unwrap(self.client, self.approle, token)
        self.file.stage(secret_id)
        candidate = _Candidate(secret_id, f"the secret-id that was wrapped in {wrapped.path}", staged=True)
        return self._session(candidate), candidate

    def _try(self, candidate: _Candidate) -> Session | Rejected:
        try:
            return self._session(candidate)
        except Rejected as rejected:
            if rejected.status != _NOT_ACCEPTED:
                raise
            return rejected

    def _session(self, candidate: _Candidate) -> Session:
        return self.approle.log_in(self.client, candidate.secret_id, candidate.source, self.custody)

    def _candidates(self, stored: Stored | None) -> Sequence[_Candidate]:
        """Return what to try, no secret-id twice and none that was destroyed here: failed logins lock a role."""
        kept = _Candidate(stored.secret_id if stored else "", f"the secret-id in {self.file.path}")
        given = _Candidate(self.approle.secret_id, "secret_id")
        unfinished = _Candidate(self.file.staged(), _UNFINISHED, staged=True)
        if (kept.secret_id or unfinished.secret_id) and self.file.is_spent(given.secret_id):
            given = kept
        by_id = {each.secret_id: each for each in (unfinished, given, kept) if each.secret_id}
        return [by_id[secret_id] for secret_id in reversed(by_id)]

    def _worth_knowing(self, stored: Stored | None, used: _Candidate) -> Iterator[str]:
        if stored and stored.exposed:
            yield f"secret_id_file: {self.file.path} can be read by other users, so its secret-id is replaced at once."
        if stored and stored.secret_id != used.secret_id:
            state = "holds a secret-id that is no longer accepted" if stored.secret_id else "is empty"
            yield f"secret_id_file: {self.file.path} {state}, so {used.source} was used."

    def _finish_earlier(self, session: Session, used: _Candidate, calls: int) -> None:
        """Finish what a run that was cut off had begun; ``calls`` more calls are to be made after that."""
        if used.staged:
            self.file.promote()
            self.file.sync()
        left = {self.file.staged(), self.file.superseded()} - {used.secret_id, ""}
        session.require_uses(calls + len(left))
        for secret_id in left:
            session.client.destroy_secret_id(self.approle, secret_id)
        self.file.forget_staged()
        self.file.forget_superseded()

    def _replace(self, session: Session, current: str) -> tuple[str, float]:
        """Replace the ``current`` secret-id; return the new one, and how many seconds it lives."""
        new = self._create(session, current)
        secret_id, ttl = new.text("secret_id"), float(new.number("secret_id_ttl")) or math.inf
        try:
            _refuse_limited(new)
            self.file.stage(secret_id)
            self._prove(session, secret_id)
            self.file.prepare(current, ttl, self.approle.secret_id)
            self.file.promote()
        except Failure as failure:
            raise Failure(" ".join([str(failure), *self._discard(session, secret_id)])) from None
        self.file.sync()
        try:
            session.client.destroy_secret_id(self.approle, current)
        except Failure as failure:
            raise Failure(f"The secret-id was replaced, but the old one is left for a later run. {failure}") from None
        self.file.forget_superseded()
        return secret_id, ttl

    def _create(self, session: Session, current: str) -> Section:
        """Create a secret-id that is bound as ``current`` is."""
        old = session.client.look_up_secret_id(self.approle, current).section("data")
        if not old:
            raise Failure(f"role_name: {self.approle.role_name!r} has no such secret-id, or that was its last use.")
        _refuse_limited(old)
        return session.client.create_secret_id(
            self.approle, json.dumps(old.mapping("metadata")), old.texts("cidr_list"), old.texts("token_bound_cidrs")
        ).section("data")

    def _prove(self, session: Session, secret_id: str) -> None:
        """Log in with a new secret-id, which ``session`` has made."""
        proof = self.approle.log_in_anew(self.client, session, secret_id, self.custody)
        if proof.revocable:
            self.custody.revoke(proof.token)

    def _discard(self, session: Session, secret_id: str) -> Iterator[str]:
        """End a secret-id that did not come into use; where that fails it stays staged, for a later run to end."""
        try:
            session.client.destroy_secret_id(self.approle, secret_id)
            self.file.forget_staged()
        except Failure as failure:
            yield str(failure)


@dataclass(frozen=True)
class _Candidate:
    secret_id: str = field(repr=False)
    source: str
    staged: bool = False


def _refuse_limited(properties: Section) -> None:
    if properties.number("secret_id_num_uses"):
        raise Failure("role_name: the AppRole's secret_id_num_uses must be 0, as a secret-id is used at every run.")
