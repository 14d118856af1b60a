# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.seconds_since``."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: seconds_since
short_description: Seconds that have passed since a moment
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Compares a moment with the controller's clock.
options:
  _input:
    description: The moment as ISO 8601 in UTC, such as V(2026-11-24T08:00:00Z).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell whether the secret-id is due
  ansible.builtin.debug:
    msg: "{{ '2026-11-24T08:00:00Z' | flant.gitops.seconds_since >= 0 }}"
"""

RETURN = r"""
_value:
  description: The seconds; less than 0 when the moment lies ahead.
  type: float
"""


def seconds_since(moment: str) -> float:
    """Return the seconds since ``moment``, negative when it lies ahead.

    Raises:
        AnsibleFilterError: ``moment`` is not an ISO 8601 time.
    """
    try:
        then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError as error:
        raise AnsibleFilterError(f"{moment!r} is not an ISO 8601 time.") from error
    if then.tzinfo is None:
        then = then.replace(tzinfo=timezone.utc)
    return (datetime.now(timezone.utc) - then).total_seconds()


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"seconds_since": seconds_since}
