# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.refusal``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import pass_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import Variables

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
      - The names of variables, by what they are to the check.
      - Those of the role's variables that no module takes stand there without their prefix C(flant_gitops_).
      - Its keys C(git), C(container) and C(vault) are dictionaries of such names by the options of the modules.
      - Its key C(memory), which may be missing, is a dictionary that tells how Ansible caches facts, with the keys
        C(host), C(host_is_in_inventory), C(plugin), C(uri), C(timeout) and C(awx).
      - Its key C(names), which may be missing, names the list of all variables that begin with C(flant_gitops_);
        one that the role does not know is refused.
      - Its key C(answers), which may be missing, has what must be yes, by the variables' names.
      - Its key C(facts), which may be missing, is what the role remembers; a value that it
        cannot have written is refused.
      - Without C(git) only C(memory), C(instance) and C(work_dir) are looked at, and what one of the entry points has,
        which may be missing - C(suspend_reason), together with C(by), the name of who suspends, C(log_runs), and
        C(reset_commit).
    type: dict
    required: true
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


@pass_context  # type: ignore[untyped-decorator] # as ansible-core, Jinja is not looked at here
def refusal(variables: Variables, names: Mapping[str, Any]) -> str:
    """Return why what ``variables`` have under the ``names`` cannot work, or an empty text."""
    from ansible_collections.flant.gitops.plugins.plugin_utils import _refusal
    from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import looked_up
    from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

    config: Any = plain(looked_up(variables, names))
    return _refusal.refusal(config)


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"refusal": refusal}
