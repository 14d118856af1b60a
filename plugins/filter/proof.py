# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.proof``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: proof
short_description: What a ledger of runs is worth, once the signatures of its commits are verified again
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Compares what the ledger says of the signatures of each commit with what they come to today.
options:
  _input:
    description: What M(flant.gitops.run_ledger) has found with C(list_commits), its C(verified).
    type: dict
    required: true
  reviewed:
    description: What M(flant.gitops.git_signed_commit) has found of these commits, its C(verified).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell what the ledger is worth
  ansible.builtin.debug:
    msg: "{{ (ledger.verified | flant.gitops.proof(commits.verified)).verdict }}"
  vars:
    ledger: {verified: {verdict: authentic, problems: [], commits: []}}
    commits: {verified: []}
"""

RETURN = r"""
_value:
  description: The input without C(commits), V(broken) with one more of its C(problems) for each that does not stand.
  type: dict
"""


def proof(verified: Mapping[str, Any], reviewed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the ledger is worth."""
    from ansible_collections.flant.gitops.plugins.plugin_utils._proof import proof as judged

    return judged(verified, reviewed)


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"proof": proof}
