# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.duration``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: duration
short_description: Seconds that a duration stands for
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Reads durations as the modules of this collection do, such as V(90s), V(5m) or V(1h30m).
options:
  _input:
    description: The duration; a bare number counts seconds.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Wait as long as the period says
  ansible.builtin.pause:
    seconds: "{{ '1m30s' | flant.gitops.duration | int }}"
"""

RETURN = r"""
_value:
  description: The duration in seconds.
  type: float
"""


def duration(text: str | float) -> float:
    """Return the seconds that ``text`` stands for.

    Raises:
        AnsibleFilterError: ``text`` is not a duration.
    """
    from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
    from ansible_collections.flant.gitops.plugins.plugin_utils._filter_errors import filter_errors

    with filter_errors():
        return parse_duration(str(text), "duration")


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"duration": duration}
