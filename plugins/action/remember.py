# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action ``flant.gitops.remember``; its documentation is in the module of that name."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleFilterError
from ansible.module_utils.parsing import convert_bool
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import cache_loader
from ansible_collections.flant.gitops.plugins.filter import course, known_state
from ansible_collections.flant.gitops.plugins.module_utils import _duration
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._pull import word
from ansible_collections.flant.gitops.plugins.plugin_utils import _course, _fact, _keys, _lock, _looked_up, _metadata
from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

FACT = "flant_gitops_state"
# The filter course, and what it is made of. Ansible compiles it in each process that needs it, and forks one for every
# task; an action is loaded before that, so that those of this task and of all that follow have it.
SHARED = (course, known_state, convert_bool, _course, _duration, _fact, _keys, _lock, _looked_up, _metadata)


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Sets the fact on the controller, without a module call."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS: ClassVar = frozenset({"instance", "state", "change", "replace", "awx_file", "expect_kept", "forget"})

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the fact, merged with the change."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, args = self.validate_argument_spec(
            argument_spec={
                "instance": {"type": "str", "required": True},
                "state": {"type": "dict", "required": True},
                "change": {"type": "dict", "default": {}},
                "forget": {"type": "bool", "default": False},
                "replace": {"type": "bool", "default": False},
                "awx_file": {"type": "str", "default": ""},
                "expect_kept": {"type": "bool", "default": False},
            }
        )
        result["changed"] = False
        if self._task.check_mode:
            return result
        host = str((task_vars or {})["inventory_hostname"])
        word.say(f"{host} {args['instance']}", None)
        state: dict[str, Any] = plain(args["state"])  # type: ignore[assignment]
        known = {} if args["replace"] else state.get(args["instance"], {})
        if args["expect_kept"] and not _is_kept(host, args["instance"], known.get("last_poll_at")):
            # Returned and not raised, as ansible-core heeds failed_when only then.
            return {
                **result,
                "failed": True,
                "msg": f"The fact cache {constants.CACHE_PLUGIN_CONNECTION} does not keep what this run has remembered "
                f"of {host}, so that nothing is started; see what Ansible warns of, and let it write there.",
            }
        if args["forget"]:
            state.pop(args["instance"], None)
        else:
            state = {**state, args["instance"]: {**known, **plain(args["change"])}}  # type: ignore[dict-item]
        try:
            state = known_state.known_state(state)
        except AnsibleFilterError as error:
            raise AnsibleActionFail(str(error)) from error
        if args["awx_file"]:
            _save(Path(args["awx_file"]), state)
        return {**result, "before": known, "ansible_facts": {FACT: state}, "_ansible_facts_cacheable": True}


def _is_kept(host: str, instance: str, last_poll_at: str | None) -> bool:
    """Say whether the fact cache holds what this run has put there a moment ago.

    Ansible itself only warns of a cache that it can't write to. Where two runs share a host's file, the last one to
    write it wins (the ratchet on the target knows better), so that a file from after the poll is enough.
    """
    try:
        cache = cache_loader.get(constants.CACHE_PLUGIN)
    except AnsibleError:  # such as for a folder that cannot be made
        cache = None
    kept = _plain_fact(cache, host).get(instance, {})
    return kept.get("last_poll_at") == last_poll_at or _written_since(cache, host, str(last_poll_at))


def _plain_fact(cache: Any, host: str) -> Mapping[str, Any]:  # noqa: ANN401 -- a plugin of any make
    try:
        facts = cache.get(host)
    except (AttributeError, KeyError):  # there is no cache, or nothing of this host in it
        return {}
    fact: Mapping[str, Any] = facts.get(FACT, {}) if isinstance(facts, dict) else {}
    return fact


def _written_since(cache: Any, host: str, moment: str) -> bool:  # noqa: ANN401 -- a plugin of any make
    """Say whether the host's file, by the name that either kind of ansible-core gives it, is from after ``moment``."""
    try:
        file = Path(cache._get_cache_file_name(host))  # noqa: SLF001 -- there is no public way
        begun = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except (AttributeError, ValueError):
        return False
    found = [each for each in (file, file.with_name(f"s1_{file.name}")) if each.exists()]
    return any(each.stat().st_mtime >= begun.timestamp() for each in found)


def _save(file: Path, state: Mapping[str, object]) -> None:
    """Put the fact into the file that AWX reads a host's facts from, beside those that are there."""
    try:
        facts = json.loads(file.read_text(encoding="utf-8") or "{}")
    except FileNotFoundError:
        facts = {}
    replace(file, json.dumps({**facts, FACT: state}).encode())
