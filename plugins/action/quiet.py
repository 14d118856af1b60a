# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action ``flant.gitops.quiet``; its documentation is in the module of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible.plugins.action import ActionBase

if TYPE_CHECKING:
    from collections.abc import Mapping


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Works on the controller alone, without a module call."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS: ClassVar = frozenset({"msg", "left"})

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Show the message, and say what the run has left to whoever has started ansible-pull."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, args = self.validate_argument_spec(
            argument_spec={"msg": {"type": "str", "required": True}, "left": {"type": "dict"}}
        )
        if args["left"] and not self._task.check_mode:
            from ansible_collections.flant.gitops.plugins.plugin_utils._quiet import say

            host, is_here = str((task_vars or {})["inventory_hostname"]), self._connection.transport == "local"
            say(host, args["left"] if is_here else {}, __file__)
        return {**result, "changed": False, "msg": args["msg"], "_ansible_verbose_always": True}
