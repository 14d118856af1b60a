# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.decision``."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTATION = r"""
name: decision
short_description: What follows in one of the entry points of the role flant_gitops
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Tells what is due in an entry point, and what is to be said, from its variables and what its tasks have returned so
    far; the entry point C(main) asks P(flant.gitops.course#filter).
options:
  _input:
    description: What is known, by the names of the decision's arguments.
    type: dict
    required: true
  name:
    description: Which decision is asked for.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Tell what was lifted
  ansible.builtin.debug:
    msg: "{{ {'instance': 'default', 'changed': true} | flant.gitops.decision('resume') }}"
"""

RETURN = r"""
_value:
  description: What follows; a dictionary, or a sentence where nothing else does.
  type: raw
"""

# Decision -> the file of plugin_utils that has it as a function.
_PLACES = {
    "awx_credentials": "_awx",
    "awx_needed": "_awx",
    "awx_refusal": "_awx",
    "cancel": "_operations",
    "container": "_lock",
    "container_before": "_lock",
    "fact": "_fact",
    "log": "_operations",
    "other_states": "_fact",
    "output": "_operations",
    "remove": "_operations",
    "reset": "_operations",
    "resume": "_operations",
    "schedule": "_schedule_course",
    "schedule_collections": "_schedule_collections",
    "schedule_pull": "_schedule_course",
    "schedule_times": "_schedule_times",
    "verification": "_verification",
    "worth": "_verification",
}


def decision(known: Mapping[str, object], name: str) -> object:
    """Return what follows from what is ``known``.

    Raises:
        AnsibleFilterError: nobody decides anything of that name, or what is known is not what it should be.
    """
    from ansible_collections.flant.gitops.plugins.plugin_utils._filter_errors import filter_errors

    if name not in _PLACES:
        raise AnsibleFilterError(f"{name!r} is not a decision.")
    place = import_module(f"ansible_collections.flant.gitops.plugins.plugin_utils.{_PLACES[name]}")
    with filter_errors():
        found = getattr(place, name)(**dict(known.items()))  # which may be templates until they are asked for
    return asdict(found) if is_dataclass(found) and not isinstance(found, type) else found


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"decision": decision}
