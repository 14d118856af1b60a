# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.recurrence_refusal``."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: recurrence_refusal
short_description: Why AWX cannot run something by a rule
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Checks a recurrence rule as AWX does, and for what makes AWX run it never, or plan it for ever.
options:
  _input:
    description: The rule, such as V(DTSTART:20260101T000000Z RRULE:FREQ=MINUTELY;INTERVAL=5).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Stop early
  ansible.builtin.assert:
    that: not flant_gitops_awx_rrule | flant.gitops.recurrence_refusal
    fail_msg: "{{ flant_gitops_awx_rrule | flant.gitops.recurrence_refusal }}"
"""

RETURN = r"""
_value:
  description: One sentence that names the variable at fault; empty when there is none.
  type: str
"""


def recurrence_refusal(rule: str) -> str:
    """Return why AWX would not follow ``rule``, or an empty text."""
    from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
    from ansible_collections.flant.gitops.plugins.plugin_utils import _recurrence

    try:
        _recurrence.check(str(rule), datetime.now(timezone.utc))
    except Failure as failure:
        return f"flant_gitops_awx_rrule: {failure}"
    return ""


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"recurrence_refusal": recurrence_refusal}
