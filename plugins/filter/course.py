# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.course``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from jinja2 import pass_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import Variables
    from ansible_collections.flant.gitops.plugins.plugin_utils._windows import Calendar

DOCUMENTATION = r"""
name: course
short_description: What follows from the steps of a run of the role flant_gitops
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Tells what is due in a run of the role, and what the run has come to, from what its tasks have returned so far.
options:
  _input:
    description: The names of the variables that decide, by what they are to the decision.
    type: dict
    required: true
  steps:
    description: The names of the variables that the tasks have registered, by the steps' names.
    type: dict
    required: true
  now:
    description: When the run began, in UTC as ISO 8601.
    type: str
    required: true
  check_mode:
    description: Whether Ansible only looks.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Tell what a run has come to
  ansible.builtin.debug:
    msg: "{{ (settings | flant.gitops.course(steps, '2026-11-24T07:50:35.000000Z', false)).sentence }}"
"""

RETURN = r"""
_value:
  description: What follows, of which C(status) and C(sentence) are for the operator.
  type: dict
"""


@pass_context  # type: ignore[untyped-decorator] # as ansible-core, Jinja is not looked at here
def course(
    variables: Variables,
    settings: Mapping[str, str],
    steps: Mapping[str, str],
    now: str,
    check_mode: bool,  # noqa: FBT001 -- filters are called so
) -> dict[str, object]:
    """Return what follows, as a dictionary; ``settings`` and ``steps`` are names of ``variables``."""
    from ansible.module_utils.parsing.convert_bool import boolean
    from ansible_collections.flant.gitops.plugins.filter.known_state import known_state
    from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
    from ansible_collections.flant.gitops.plugins.plugin_utils import _course, _lock
    from ansible_collections.flant.gitops.plugins.plugin_utils._fact import fact
    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import trusted
    from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import looked_up
    from ansible_collections.flant.gitops.plugins.plugin_utils._metadata import is_wanted

    values, results = looked_up(variables, settings), looked_up(variables, steps)
    instance, host = values["instance"], values["host"]
    awx_dir = variables.get("_flant_gitops_awx_dir") if values["awx_job"] else ""
    facts: Any = fact(facts=values["facts"], awx_dir=awx_dir, host=host)
    remembered: Any = known_state(facts).get(instance, {})
    known = _course.Settings(
        instance=instance,
        container=_lock.container(instance=instance, git_dir_id=results["poll"].get("git_dir_id", "")),
        container_before=_lock.container_before(instance=instance, host=host, work_dir=values["work_dir"]),
        suspend=values["suspend"],
        branch=values["branch"],
        poll_period=parse_duration(str(values["poll_period"]), "flant_gitops_git_poll_period"),
        rerun=boolean(values["rerun"], strict=False),
        initial_commit=values["initial_commit"],
        secret_id_file=values["secret_id_file"] or "",
        secret_id_ttl=str(values["secret_id_ttl"] or ""),
        requests=len(values["requests"]),
        revoke_on_failure=values["revoke_on_failure"],
        show_output=boolean(values["show_output"], strict=False),
        archive=f"{values['work_dir']}/{instance}/archive-{now}.tar",
        host=host,
        tells_vault=is_wanted(values["audit_metadata"], values["secret_id_file"]),
        calendar=_calendar(values["windows"], values["freezes"]),
        window_override=str(values["window_override"] or ""),
        on_end=bool(values["on_end"]),
        trusted=trusted(values["trusted_signers"], values["trusted_keys"]),
    )
    begun = datetime.fromisoformat(now.replace("Z", "+00:00"))
    return asdict(_course.course(known, remembered, _course.Steps.of(results), begun, check_mode=check_mode))


def _calendar(windows: object, freezes: object) -> Calendar | None:
    if not (windows or freezes):
        return None
    from ansible_collections.flant.gitops.plugins.plugin_utils._windows import calendar

    return calendar(windows, freezes)


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"course": course}
