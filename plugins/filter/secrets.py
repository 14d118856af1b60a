# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.secrets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DOCUMENTATION = r"""
name: secrets
short_description: Which variables of the role flant_gitops are secret
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Tells which of some variables are secret as a whole, and what each holds.
options:
  _input:
    description: The variables' names; a dictionary stands for its keys.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Name what belongs into a credential
  ansible.builtin.debug:
    msg: "{{ query('ansible.builtin.varnames', '^flant_gitops_') | flant.gitops.secrets }}"
"""

RETURN = r"""
_value:
  description: What each secret variable among them holds, in words.
  type: dict
"""


def secrets(names: Iterable[str]) -> dict[str, str]:
    """Return those of ``names`` that are secret, each with what it holds."""
    from ansible_collections.flant.gitops.plugins.plugin_utils._secrets import VARIABLES

    return {name: VARIABLES[name] for name in names if name in VARIABLES}


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"secrets": secrets}
