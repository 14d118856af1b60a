#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``flant.gitops.scheduled_pull``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scheduled_pull
short_description: Install the program that systemd or cron starts, which runs ansible-pull and keeps metrics of it
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Installs on the target a program in one file and its settings beside it. The program runs O(command), ends with its
    exit status, and writes metrics of the instance for the textfile collector of node_exporter.
  - The program needs nothing but the Python that O(command) runs with, and reads nothing in the checkout.
  - The playbook C(flant.gitops.schedule) uses it.
options:
  state:
    description:
      - V(absent) deletes O(dir), and the metrics that the program has written.
    type: str
    choices: [present, absent]
    default: present
  dir:
    description:
      - Folder of the program and its settings, of this instance alone. It has to exist to install them.
      - It, and each folder on the way there, must belong to root or to the user that the module runs as, and nobody
        else may be able to write to it.
    type: path
    required: true
  instance:
    description:
      - Name of the instance, which the metrics carry as the label C(name).
    type: str
    required: true
  instance_dir:
    description:
      - The instance's folder, in which O(command) runs. Needed to install the program.
    type: path
  user:
    description:
      - User that the program is started by. Others than root and the user's group cannot read the settings.
    type: str
    default: root
  command:
    description:
      - The path of ansible-pull, and its arguments. Needed to install the program.
    type: list
    elements: str
    default: []
  environment:
    description:
      - Further environment variables of O(command).
    type: dict
    default: {}
  repository:
    description:
      - Repository that O(command) takes the playbook from, and what git needs for it where not everybody may read it.
      - git is told by O(command)'s environment, which holds no secret. The files are looked at before each run.
    type: dict
    suboptions:
      url:
        description:
          - URL of the repository.
        type: str
      ssh_key_file:
        description:
          - Private key, without a passphrase, of O(user) alone. Needs O(repository.ssh_known_hosts_file).
        type: path
      ssh_known_hosts_file:
        description:
          - Host keys of the server, in the format of C(known_hosts). No other is ever accepted.
        type: path
      ca_cert_file:
        description:
          - Certificates that the server's is checked against, in place of the system's.
        type: path
      username:
        description:
          - User name for the server. Needs O(repository.password_file).
        type: str
      password_file:
        description:
          - File of O(user) alone that holds the password for https and nothing else. It is read whenever git wants it.
        type: path
  timeout:
    description:
      - After how many seconds O(command) is ended. The exit status is 124 then.
    type: int
    default: 7200
  delay:
    description:
      - Up to how many seconds the program waits before it runs O(command). How long is the same each time, and follows
        from the host and O(instance).
    type: int
    default: 0
  metrics_dir:
    description:
      - Folder of the textfile collector, where the program writes C(flant_gitops_<instance>.prom). Empty writes no
        metrics.
      - It has to exist. It, and each folder on the way there, must belong to root or O(user), and nobody else may be
        able to write to it.
    type: path
  trigger:
    description:
      - File that systemd watches to start the program. Where its time changes during a run, O(command) runs once more.
        What it holds is not read.
    type: path
  keep_log:
    description:
      - Whether to keep the output of O(command) in O(instance_dir), of the last run as C(ansible-pull.log) and of the
        last that failed as C(ansible-pull.failed.log), and to tell it to the system's log.
    type: bool
    default: false
  full_every:
    description:
      - After how many seconds at most O(command) is run though nothing has changed that it goes by. Until then, the
        program asks the servers of the playbook and of the instance whether anything has, looks at the files that
        decide, and ends with status 0 if it is certain that the role flant_gitops would find nothing to do.
      - V(0) runs O(command) each time.
      - Without it, the program does as before. A new one has V(3600), one that takes the place of O(takes_over) V(0).
    type: int
  files:
    description:
      - Files that O(command) goes by, beside those that its arguments and O(environment) name, such as the unit that
        starts the program.
    type: list
    elements: path
    default: []
  takes_over:
    description:
      - What a schedule consists of that was installed without this module.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Can run in check mode, in which it tells what would change.
    support: full
  diff_mode:
    description: Shows no differences.
    support: none
"""

EXAMPLES = r"""
- name: Install the program
  flant.gitops.scheduled_pull:
    dir: /var/lib/flant_gitops/.schedule-default
    instance: default
    instance_dir: /var/lib/flant_gitops/default
    command: [/opt/ansible/bin/ansible-pull, "--url=https://git.example.com/ops/host.git", local.yml]
    metrics_dir: /var/lib/prometheus/node-exporter
  register: program

- name: Run it now
  ansible.builtin.command:
    argv: "{{ program.command }}"
"""

RETURN = r"""
command:
  description: What starts the program; empty if it was removed.
  returned: success
  type: list
  elements: str
  sample: [/opt/ansible/bin/python3, -I, -S, -B, /var/lib/flant_gitops/.schedule-default/flant-gitops-pull.pyz]
"""

from ansible_collections.flant.gitops.plugins.module_utils._packed import compile_once

compile_once()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._pull.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._pull.run import run

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "dir": {"type": "path", "required": True},
    "instance": {"type": "str", "required": True},
    "instance_dir": {"type": "path"},
    "user": {"type": "str", "default": "root"},
    "command": {"type": "list", "elements": "str", "default": []},
    "environment": {"type": "dict", "default": {}},
    "repository": {
        "type": "dict",
        "options": {
            "url": {"type": "str"},
            "ssh_key_file": {"type": "path", "no_log": False},
            "ssh_known_hosts_file": {"type": "path"},
            "ca_cert_file": {"type": "path"},
            "username": {"type": "str"},
            "password_file": {"type": "path", "no_log": False},
        },
    },
    "timeout": {"type": "int", "default": 7200},
    "delay": {"type": "int", "default": 0},
    "metrics_dir": {"type": "path"},
    "trigger": {"type": "path"},
    "keep_log": {"type": "bool", "default": False},
    "full_every": {"type": "int"},
    "files": {"type": "list", "elements": "path", "default": []},
    "takes_over": {"type": "list", "elements": "path", "default": []},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with interruptible():
            outcome = run(Request.from_params(module.params, check_mode=module.check_mode))
    except Failure as failure:
        module.fail_json(msg=str(failure), **failure.result)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(changed=outcome.changed, command=list(outcome.command))


if __name__ == "__main__":
    main()
