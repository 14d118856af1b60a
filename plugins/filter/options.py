# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.options``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import pass_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import Variables

DOCUMENTATION = r"""
name: options
short_description: What a module is given of the variables of the role flant_gitops
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Looks up the variables that a module's options come from.
options:
  _input:
    description:
      - The variables' names by the options' names.
      - A name with dots and keys behind it stands for a value in a dictionary.
      - A name with C(or omit) behind it gives the option only where it is not empty.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Look at a commit with a password, if there is one
  flant.gitops.git_signed_commit:
  module_defaults:
    flant.gitops.git_signed_commit: "{{ {'repo': 'my_repo', 'password': 'my_word or omit'} | flant.gitops.options }}"
"""

RETURN = r"""
_value:
  description: The options.
  type: dict
"""


@pass_context  # type: ignore[untyped-decorator] # as ansible-core, Jinja is not looked at here
def options(variables: Variables, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the ``variables`` that have the ``names``, by the same keys."""
    from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import looked_up
    from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

    return {name: plain(value) for name, value in looked_up(variables, names).items()}


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"options": options}
