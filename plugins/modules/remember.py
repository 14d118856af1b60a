#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action ``flant.gitops.remember``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: remember
short_description: Keep what the role flant_gitops remembers of an instance
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Sets the fact C(flant_gitops_state) so that Ansible's fact cache keeps it, and where AWX runs the play, writes it to
    the file that AWX reads the host's facts from.
  - It is an action that runs on the controller; the target is not asked.
  - In check mode nothing is remembered.
options:
  instance:
    description:
      - Name of the instance.
    type: str
    required: true
  state:
    description:
      - What is remembered of all instances.
    type: dict
    required: true
  change:
    description:
      - What is new about O(instance). A value that the role cannot have written is refused.
    type: dict
    default: {}
  forget:
    description:
      - Forget O(instance) altogether.
    type: bool
    default: false
  replace:
    description:
      - Forget what else was remembered of O(instance).
    type: bool
    default: false
  awx_file:
    description:
      - The file that AWX reads the host's facts from. Empty outside AWX.
    type: str
    default: ""
  expect_kept:
    description:
      - Fail if the fact cache does not hold what the run has remembered before, as C(last_poll_at) tells.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, in which it remembers nothing.
    support: full
  diff_mode:
    description: Shows no differences.
    support: none
"""

EXAMPLES = r"""
- name: Remember when the poll began
  flant.gitops.remember:
    instance: default
    state: "{{ ansible_facts['flant_gitops_state'] | default({}) | flant.gitops.known_state }}"
    change:
      last_poll_at: "2026-11-24T07:50:35.000000Z"
"""

RETURN = r"""
before:
  description: What was remembered of the instance until then.
  returned: success, but not in check mode
  type: dict
ansible_facts:
  description: The fact C(flant_gitops_state).
  returned: success, but not in check mode
  type: dict
  contains:
    flant_gitops_state:
      description: What is remembered of all instances, by their names.
      type: dict
"""
