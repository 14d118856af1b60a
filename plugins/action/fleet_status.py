# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action ``flant.gitops.fleet_status``; its documentation is in the module of that name."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.plugin_utils import _status, _status_page
from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REPORT = "flant_gitops_status_report"


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Puts the hosts' answers together on the controller, without a module call."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS: ClassVar = frozenset({"max_age", "report"})

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return how the instances of all hosts of the play stand."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, args = self.validate_argument_spec(
            argument_spec={
                "max_age": {"type": "str", "default": ""},
                "report": {"type": "str", "default": ""},
            }
        )
        known: Mapping[str, Any] = task_vars or {}
        now = datetime.now(timezone.utc)
        try:
            max_age = parse_duration(args["max_age"], "flant_gitops_status_max_age") if args["max_age"] else 0
        except Failure as failure:
            raise AnsibleActionFail(str(failure)) from failure
        asked = [_asked(host, known["hostvars"][host]) for host in known["ansible_play_hosts_all"]]
        standings = _status.in_order([_status.standing(each, now, max_age) for each in asked])
        if args["report"] and not self._task.check_mode:
            _save(Path(args["report"]), standings, now)
        return {
            **result,
            "changed": False,
            "table": _status_page.as_lines(standings, now),
            "alarm": _status.alarm(standings),
        }


def _asked(host: str, known: Mapping[str, Any]) -> _status.Asked:
    """Return what the role's tasks have registered for a host."""
    asked, *answers = (
        _dictionary(plain(known.get(f"_flant_gitops_{name}")))
        for name in ("asked", "poll", "ledger_told", "container_told")
    )
    return _status.Asked(
        host,
        str(asked.get("instance", "")),
        str(asked.get("suspended", "")),
        str(asked.get("refusal", "the play has ended before the target was asked.")),
        *answers,
    )


def _dictionary(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _save(report: Path, standings: Sequence[_status.Standing], now: datetime) -> None:
    is_json = report.suffix == ".json"
    text = _status_page.as_json(standings) if is_json else _status_page.as_page(standings, now)
    try:
        replace(report, text.encode("utf-8", "replace"))
    except OSError as error:
        raise AnsibleActionFail(f"{_REPORT}: {report} cannot be written: {error.strerror}.") from error
