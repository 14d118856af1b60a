# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.course``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

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
    description: What the role remembers of the instance.
    type: dict
    required: true
  settings:
    description: The variables that decide.
    type: dict
    required: true
  steps:
    description: What the tasks have returned, by the steps' names.
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
    msg: "{{ (remembered | flant.gitops.course(settings, steps, '2026-11-24T07:50:35.000000Z', false)).sentence }}"
"""

RETURN = r"""
_value:
  description: What follows, of which C(status) and C(sentence) are for the operator.
  type: dict
"""


def course(
    remembered: Mapping[str, Any],
    settings: Mapping[str, Any],
    steps: Mapping[str, Any],
    now: str,
    check_mode: bool,  # noqa: FBT001 -- filters are called so
) -> dict[str, object]:
    """Return what follows, as a dictionary."""
    from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
    from ansible_collections.flant.gitops.plugins.plugin_utils import _course
    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import trusted
    from ansible_collections.flant.gitops.plugins.plugin_utils._metadata import is_wanted

    known = _course.Settings(
        instance=settings["instance"],
        container=settings["container"],
        container_before=settings["container_before"],
        suspend=settings["suspend"],
        branch=settings["branch"],
        poll_period=parse_duration(str(settings["poll_period"]), "flant_gitops_git_poll_period"),
        rerun=settings["rerun"],
        initial_commit=settings["initial_commit"],
        secret_id_file=settings["secret_id_file"] or "",
        secret_id_ttl=str(settings["secret_id_ttl"] or ""),
        requests=len(settings["requests"]),
        revoke_on_failure=settings["revoke_on_failure"],
        show_output=settings["show_output"],
        host=settings["host"],
        tells_vault=is_wanted(settings["audit_metadata"], settings["secret_id_file"]),
        calendar=_calendar(settings["windows"], settings["freezes"]),
        window_override=str(settings["window_override"] or ""),
        on_end=bool(settings["on_end"]),
        trusted=trusted(settings["trusted_signers"], settings["trusted_keys"]),
    )
    begun = datetime.fromisoformat(now.replace("Z", "+00:00"))
    return asdict(_course.course(known, remembered, _course.Steps.of(steps), begun, check_mode=check_mode))


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
