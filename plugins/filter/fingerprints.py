# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.fingerprints``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: fingerprints
short_description: The fingerprints of trusted keys, as the ledger of the runs has them
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Returns the fingerprint of each key in the variables of the role flant_gitops that name the trusted signers.
options:
  _input:
    description: A dictionary from a signer's name to a key, or to a list of keys.
    type: dict
    required: true
  keys:
    description: OpenPGP keys that are each a signer, in a list, or in a dictionary from the signer's name.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Name the keys
  ansible.builtin.debug:
    msg: "{{ {'alice': alice_key} | flant.gitops.fingerprints([]) }}"
"""

RETURN = r"""
_value:
  description: The fingerprints, of an OpenPGP certificate that of its primary key.
  type: list
  elements: str
"""


def fingerprints(named: object, keys: object) -> list[str]:
    """Return the fingerprints of all keys.

    Raises:
        AnsibleFilterError: a variable is not what it should be.
    """
    from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import fingerprints_of

    try:
        return fingerprints_of(named, keys)
    except Failure as failure:
        raise AnsibleFilterError(str(failure)) from failure


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"fingerprints": fingerprints}
