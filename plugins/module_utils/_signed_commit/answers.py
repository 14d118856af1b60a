# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The last answer that gave nothing to act on, so that what it was about is not fetched again for the same one.

It is only given while all stands as it stood: the server's refs, what was processed and tried, the keys and the rules.
An answer that a clock had a say in is not kept, and none for longer than a day: the target's git and gpg may be others
then.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.attempts import Attempts
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import ANSWER
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._failure import Refused
    from ansible_collections.flant.gitops.plugins.module_utils._git.poll import RemoteRefs
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

_SECONDS = 24 * 60 * 60
_REFUSED = "refused"
_FACTS = {
    "previous_commit",
    "head",
    "commits",
    "signers",
    "signatures",
    "verified_signatures",
    "required_signatures",
    "rules",
}


class Answers(NamedTuple):
    """What is kept of the answers to ``request`` in the cache folder of ``ratchet``."""

    request: Request
    ratchet: Ratchet

    def recall(self, refs: RemoteRefs) -> Outcome | None:
        """Return the answer that was given when the server's refs stood as they do now, if it is still good.

        Raises:
            Failure: that was a refusal.
        """
        kept = self._read()
        if kept.get("question") != self._question(refs) or not 0 <= time.time() - kept["time"] < _SECONDS:
            return None
        facts = {name: _unchangeable(value) for name, value in kept["facts"].items()}
        if kept["status"] == _REFUSED:
            raise Failure(kept["msg"], **facts).after(kept["warnings"])
        return Outcome(
            changed=False,
            status=kept["status"],
            commit=facts["previous_commit"],
            superseded=self.ratchet.superseded(),
            signatures_head=refs.signatures,
            msg=kept["msg"],
            warnings=tuple(kept["warnings"]),
            **facts,
        )

    def keep(self, refs: RemoteRefs, outcome: Outcome) -> None:
        """Keep an answer by which nothing is to be done."""
        facts = {**facts_of(outcome), "content_id": outcome.content_id}
        self._write(refs, outcome.status, outcome.msg, facts, outcome.warnings)

    def keep_refusal(self, refs: RemoteRefs, refusal: Refused) -> None:
        """Keep a refusal."""
        self._write(refs, _REFUSED, str(refusal), refusal.result, refusal.warnings)

    def forget(self) -> None:
        """Keep no answer, so that the server is not looked at twice."""
        (self.ratchet.folder / ANSWER).unlink(missing_ok=True)

    def _write(self, refs: RemoteRefs, status: str, msg: str, facts: object, warnings: object) -> None:
        if self.request.check_mode:
            return
        answer = {
            "question": self._question(refs),
            "time": time.time(),
            "status": status,
            "msg": msg,
            "facts": facts,
            "warnings": warnings,
        }
        replace(self.ratchet.folder / ANSWER, json.dumps(answer).encode())

    def _read(self) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError, ValueError):  # there may be the file alone, without an answer
            content: dict[str, Any] = json.loads((self.ratchet.folder / ANSWER).read_bytes())
            return content
        return {}

    def _question(self, refs: RemoteRefs) -> str:
        """Return a digest of all that an answer depends on."""
        request = self.request
        keys = [
            *((each.option, each.fingerprint, each.data) for each in request.roster.certificates),
            *((each.option, each.fingerprint, each.blob) for each in request.roster.ssh_keys),
        ]
        rules = (
            request.branch,
            request.signatures_ref,
            request.last_commit,
            request.required_signatures,
            request.ssh_user_verification,
            request.verify_every,
            request.select_oldest,
            request.wait_for_signatures,
            request.max_commits,
            [(rule.paths, rule.required, rule.signers) for rule in request.rules],
        )
        tried = (request.pace, Attempts(self.ratchet.folder).table()) if request.pace else ()
        asked = (tuple(refs), self.ratchet.commit(), rules, list(request.roster.names.items()), keys, tried)
        return hashlib.sha256(repr(asked).encode("utf-8", "backslashreplace")).hexdigest()


def facts_of(outcome: Outcome) -> dict[str, object]:
    """Return those of the module's return values that also hold if there is no commit to act on."""
    return {name: value for name, value in outcome.result().items() if name in _FACTS}


def _unchangeable(value: Any) -> Any:  # noqa: ANN401 -- a return value of the module, of any of its types
    return tuple(value) if isinstance(value, list) else value
