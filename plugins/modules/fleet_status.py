#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action ``flant.gitops.fleet_status``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_status
short_description: Put together how the instances of all hosts stand
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Makes one table of what the tasks of the role flant_gitops have registered for each host of the play.
  - It is an action that runs on the controller; no target is asked. Run it once for all hosts.
options:
  max_age:
    description:
      - After how long without a poll an instance is stale, as a duration such as V(15m). Empty for never.
    type: str
    default: ""
  report:
    description:
      - A file on the controller that the same is written to, with mode 0600. It is JSON if its name ends in C(.json),
        and a page of HTML otherwise. Empty for none.
    type: str
    default: ""
attributes:
  check_mode:
    description: Can run in check mode, in which it writes no file.
    support: full
  diff_mode:
    description: Shows no differences.
    support: none
"""

EXAMPLES = r"""
- name: Put the hosts' answers together
  flant.gitops.fleet_status:
    max_age: 15m
    report: /var/www/status.html
  register: fleet
  run_once: true
"""

RETURN = r"""
table:
  description: The lines of a table, the worst first below its headings.
  returned: success
  type: list
  elements: str
  sample: ["HOST  INSTANCE  STATE  SINCE  DEPLOYED  LAST-RUN  LAST-POLL  SIGNERS  KEY  REASON"]
alarm:
  description: Which instances are failing, given up, stale or out of reach, in one sentence; empty if none is.
  returned: success
  type: str
  sample: "1 of 50: default on web1 is failing."
"""
