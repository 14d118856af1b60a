# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""One step of a run: what its task has returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_FAILURES = {"msg", "module_stderr", "exception", "failed_when_suppressed_exception"}


class Step:
    """What one task has returned; false, if it was skipped or has not come yet."""

    def __init__(self, result: Mapping[str, Any] | None) -> None:
        """Take a registered variable."""
        self._result = result if result and not result.get("skipped") else {}

    def __bool__(self) -> bool:
        """Whether it ran."""
        return bool(self._result)

    def __contains__(self, key: str) -> bool:
        """Whether it returned that."""
        return key in self._result

    def get(self, key: str, default: Any = "") -> Any:  # noqa: ANN401 -- modules return what they like
        """Return one of its values; ``default`` also for an empty one."""
        return self._result.get(key) or default

    @property
    def refusal(self) -> str:
        """Why it failed, in one sentence; empty if it did not.

        A module that could not even start says nothing itself; then the last line that it left is all there is. What a
        poll says beside its status is no refusal.
        """
        if "status" in self or not self._result.keys() & _OF_FAILURES:
            return ""
        from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

        said = str(self.get("msg", "the module failed."))
        left = (self.get("module_stderr") or self.get("module_stdout")).strip().splitlines()
        last = printable(left[-1]) if left else ""
        return said if not last or last in said else f"{printable(said)} {last}"
