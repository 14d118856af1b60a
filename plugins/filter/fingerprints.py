# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.fingerprints``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

DOCUMENTATION = r"""
name: fingerprints
short_description: The fingerprints of trusted keys, as the ledger of the runs has them
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Returns the fingerprint of each key of the trusted signers.
options:
  _input:
    description: The signers as P(flant.gitops.signers#filter) returns them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Name the keys
  ansible.builtin.debug:
    msg: "{{ {'alice': alice_key} | flant.gitops.signers([]) | flant.gitops.fingerprints }}"
"""

RETURN = r"""
_value:
  description: The fingerprints, of an OpenPGP certificate that of its primary key.
  type: list
  elements: str
"""


def fingerprints(signers: Mapping[str, Any]) -> list[str]:
    """Return the fingerprints of all keys.

    Raises:
        AnsibleFilterError: one of them would not count.
    """
    from ansible_collections.flant.gitops.plugins.plugin_utils._filter_errors import filter_errors
    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import Trusted
    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import fingerprints as of_all
    from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

    with filter_errors():
        return of_all(Trusted(*(plain(signers[field]) for field in Trusted._fields)))  # type: ignore[arg-type]


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"fingerprints": fingerprints}
