# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.schedule_refusal``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

DOCUMENTATION = r"""
name: schedule_refusal
short_description: Why a schedule of the role flant_gitops cannot work
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Checks the variables of the role's entry point C(schedule) before anything is installed.
  - ansible-pull puts most of them unquoted into a command line of its own, after systemd or cron has read them,
    so that only characters which mean nothing to any of these are let through.
options:
  _input:
    description: The variables without their prefix C(flant_gitops_).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop early
  ansible.builtin.assert:
    that: not schedule | flant.gitops.schedule_refusal
    fail_msg: "{{ schedule | flant.gitops.schedule_refusal }}"
"""

RETURN = r"""
_value:
  description: One sentence that names the variable at fault; empty when there is none.
  type: str
"""


def schedule_refusal(config: Mapping[str, Any]) -> str:
    """Return why ``config`` cannot work, or an empty text."""
    from ansible_collections.flant.gitops.plugins.plugin_utils import _schedule

    return _schedule.refusal(config)


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"schedule_refusal": schedule_refusal}
