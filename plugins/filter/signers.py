# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.signers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: signers
short_description: Who may sign, as git_signed_commit takes it
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Turns the variables of the role flant_gitops that name the trusted signers into options of the module.
options:
  _input:
    description: A dictionary from a signer's name to a key, or to a list of keys.
    type: dict
    required: true
  keys:
    description: Keys that are each a signer, in a list, or in a dictionary from the signer's name.
    type: raw
    required: true
  former:
    description: A dictionary like the input, of keys that count no more; whoever is in both has the keys of both.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Name the signers
  ansible.builtin.debug:
    msg: "{{ ({'alice': alice_key} | flant.gitops.signers([])).trusted_signers | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: The options C(trusted_signers) and C(trusted_keys), and as C(labels) the operator's words for these.
  type: dict
"""


def signers(named: object, keys: object, former: object = None) -> dict[str, object]:
    """Return the module's two options, and the operator's words for what stands in them.

    Raises:
        AnsibleFilterError: a variable is not what it should be.
    """
    from ansible_collections.flant.gitops.plugins.plugin_utils._filter_errors import filter_errors
    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import trusted, with_former

    with filter_errors():
        found = trusted(with_former(named, former) if former else named, keys)
    return found._asdict()


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"signers": signers}
