# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.refusal``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

DOCUMENTATION = r"""
name: refusal
short_description: Why a configuration of the role flant_gitops cannot work
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Applies the modules' own checks to the role's variables before the first module is called,
    so that a mistake in a late step does not show only after the early ones are done.
  - Looks first at how Ansible caches facts, which is where the role remembers the last commit.
options:
  _input:
    description:
      - Those of the role's variables that no module takes, without their prefix C(flant_gitops_).
      - Its keys C(git), C(container) and C(vault) are the options that the modules are to be given.
      - Its key C(memory), which may be missing, is a dictionary that tells how Ansible caches facts, with the keys
        C(host), C(host_is_in_inventory), C(plugin), C(uri), C(timeout) and C(awx).
      - Its key C(names), which may be missing, are the names of all variables that begin with C(flant_gitops_);
        one that the role does not know is refused.
      - Its key C(answers), which may be missing, has what must be yes, by the variables' names.
      - Its key C(facts), which may be missing, is what the role remembers;
        a value that it cannot have written is refused.
      - Without C(git) only C(memory), C(instance) and C(work_dir) are looked at, and what one of the entry points has,
        which may be missing - C(suspend_reason), together with C(by), the name of who suspends, C(log_runs), and
        C(reset_commit).
    type: dict
    required: true
  omit:
    description: What stands for an option that is not given; Ansible's C(omit).
    type: raw
"""

EXAMPLES = r"""
- name: Stop early
  ansible.builtin.assert:
    that: not configuration | flant.gitops.refusal
    fail_msg: "{{ configuration | flant.gitops.refusal }}"
"""

RETURN = r"""
_value:
  description: One sentence that names the variable at fault; empty when there is none.
  type: str
"""


def refusal(config: Mapping[str, Any], omit: object = None) -> str:
    """Return why ``config`` cannot work, or an empty text; what is ``omit`` is not there."""
    from ansible_collections.flant.gitops.plugins.filter.known_state import known_state
    from ansible_collections.flant.gitops.plugins.plugin_utils import _configuration, _consent, _memory, _names

    for module in {"git", "container", "vault"} & config.keys():
        config = {**config, module: {name: value for name, value in config[module].items() if value != omit}}
    refused = _names.refusal(config.get("names", ())) or _consent.refusal(config.get("answers", {}))
    refused = refused or (_memory.refusal(config["memory"]) if "memory" in config else "")
    refused = refused or _configuration.refusal(config)
    if refused or "facts" not in config:
        return refused
    try:
        known_state(config["facts"])
    except AnsibleFilterError as error:
        return str(error)
    return ""


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"refusal": refusal}
