#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action ``flant.gitops.quiet``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: quiet
short_description: Tell that there was nothing to do, and let the schedule skip runs that would find nothing either
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Shows O(msg).
  - Where the program of a schedule has started ansible-pull, it is left word of what the run of the role flant_gitops
    has asked and found, so that it can ask the same again without Ansible. The program names a file for that in the
    environment variable C(FLANT_GITOPS_QUIET).
  - It is an action that runs on the controller; the target is not asked.
  - In check mode, and over another connection than C(local), no word is left.
options:
  msg:
    description:
      - What to show.
    type: str
    required: true
  left:
    description:
      - What the run has asked and found, as the role knows it.
    type: dict
attributes:
  check_mode:
    description: Can run in check mode, in which it shows the message alone.
    support: full
  diff_mode:
    description: Shows no differences.
    support: none
"""

EXAMPLES = r"""
- name: Tell that there is nothing to do
  flant.gitops.quiet:
    msg: "default: status: unchanged, main stands at 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a"
"""

RETURN = r"""
msg:
  description: O(msg).
  returned: success
  type: str
"""
