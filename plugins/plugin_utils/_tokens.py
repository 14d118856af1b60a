# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The tokens of a run that failed: which of them are ended, and when.

A token that a container might still use is left alone: a run that is killed is taken up by the next one, and has to be
able to unwrap. So tokens end once the engine has said that the container is gone, or where it surely never had them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step

ALL = "all"
"""The word for ending the login token too, whatever came of it."""


class Tokens(NamedTuple):
    """What is known of a run's tokens.

    ``requested`` is whether runs get any. ``wrapped`` is the call that asked for them, none for a run that is taken up.
    """

    requested: bool
    wrapped: Step
    start: Step
    run: Step
    remove: Step
    revoke: Step

    @property
    def obtained(self) -> list[dict[str, object]]:
        """What this run has asked for and could end."""
        return list(self.wrapped.get("revocable", default=[]))

    @property
    def never_handed_over(self) -> bool:
        """Whether no container was started with what this run has asked for."""
        run = self.run
        elsewhere = run.get("existing") == "other_running" or run.get("adopted", default=False)
        return bool(self.obtained and (self.start.refusal or run.get("skipped_start", default=False) or elsewhere))

    @property
    def in_doubt(self) -> bool:
        """Whether a container may hold them whose run has failed, so that it is to be removed first."""
        has_any = bool(self.obtained) or (self.requested and "rc" in self.run)
        return has_any and bool(self.run.refusal) and not self.never_handed_over

    def due(self, on_failure: str) -> list[dict[str, object]]:
        """Return what is to be ended now, as ``vault_wrapped_requests`` takes it."""
        if self.never_handed_over:
            return self._of_this_run(on_failure)
        if not self.run.refusal or not self._is_gone:
            return []
        return self._of_this_run(on_failure) or self._taken_up

    def left(self, due: list[dict[str, object]]) -> str:
        """Return until when what should have been ended lives on, as the end of a sentence; empty if nothing does."""
        if self.in_doubt and self.remove and not self._is_gone:
            return f"its container may be there still, so its tokens live on {self._until}"
        if due and self.revoke.refusal:
            return f"its tokens could not be ended and live on {self._until}"
        used = self.revoke.get("used", default=[])
        if used and any(token.get("login") for token in due):
            return f"{', '.join(used)} had been used, so the login token lives on until its TTL"
        return ""

    @property
    def _is_gone(self) -> bool:
        return "existing" in self.remove and not self.remove.refusal

    @property
    def _taken_up(self) -> list[dict[str, object]]:
        """What the container of a run that was taken up had been given."""
        given = self.remove.get("secret_env", default={})
        return [{"name": name, "token": token, "login": False} for name, token in given.items()]

    @property
    def _until(self) -> str:
        ends = [str(request.get("expires_at")) for request in self.wrapped.get("requests", default=[])]
        return f"until {max(ends)}" if ends else "until their wrap_ttl is over"

    def _of_this_run(self, on_failure: str) -> list[dict[str, object]]:
        keeps_login = on_failure != ALL
        return [{**token, "login": bool(token.get("login")) and keeps_login} for token in self.obtained]
