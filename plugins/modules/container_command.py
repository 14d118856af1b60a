#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands strictly inside a container."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_command
short_description: Run commands strictly inside a container
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Runs shell commands in a new container, and nowhere else.
  - Nothing of the host goes in but what the task names, which is a tree in a tar, a few small files, and variables.
    There is no option for volumes, devices or ports. No proxy, variable or setting of the host's Docker client is
    used.
  - All capabilities are dropped, no process can gain privileges, an init reaps children, and a limit on processes is
    always on.
  - The result is known exactly once. O(name) is a lock on the engine, and a container carries in its labels which run
    it is, so that a run whose Ansible was killed is taken over by the next call instead of being started again.
  - The container and its volume are removed on success, failure, time-out, and when Ansible is interrupted.
extends_documentation_fragment:
  - flant.gitops.attributes
attributes:
  check_mode:
    support: full
    details:
      - Everything is checked and the engine is asked, but nothing is pulled, created, started or removed.
  diff_mode:
    support: none
requirements:
  - docker (Python library) 6.0.0 or newer on the target
  - Docker Engine 20.10 or newer, or Podman 4.3 or newer with its Docker-compatible socket (C(podman system service))
notes:
  - Ansible shows a task's output when the task has ended. A long run is followed with C(docker logs -f NAME) or
    C(podman logs -f NAME) on the target.
  - Who may talk to the engine's socket can read a container's variables while it exists, O(secret_env) among them.
  - On Podman an init needs C(catatonit) on the target. It does not say that a run ran out of memory, so that
    RV(oom_killed) may be false there, and a run whose child did may succeed. Variables of the image that are taken
    away are empty there instead. A tree without any file has an empty folder C(.flant_gitops) there. With
    O(read_only), C(/tmp), C(/run) and C(/var/tmp) are in memory there, and can be written to. Its containers know the
    names in the target's C(/etc/hosts), unless C(base_hosts_file) in C(containers.conf) says otherwise. They live on
    when its service stops.
  - Before the tree goes in, the container is compared with what was asked for. One that lacks a limit or a part of its
    seal, or that has variables of the engine's own configuration, such as C(env) in C(containers.conf), is removed.
    What Podman mounts by its configuration, C(volumes) in C(containers.conf) and C(mounts.conf), cannot be seen there.
  - Docker Engine 24.0.0 to 24.0.2 takes a run that was cut off because its machine went down for one that ended with 0
    (U(https://github.com/moby/moby/issues/45788)). Do not use these.
options:
  action:
    description:
      - What to do.
      - V(run) runs the commands. If the container of this very run is already there, it is waited for and its result
        taken. The container of another run that has ended is removed, with a warning. One that is under way fails the
        task.
      - V(prepare) checks everything, removes what was left half made, pulls the image, and says in RV(existing) what
        stands under O(name). It starts nothing.
      - V(adopt) takes the result of this very run, waiting for it. It never creates or starts anything. If the
        container is not there, RV(existing) says what is, and nothing has changed.
      - V(remove) kills the container O(name) and removes it with its volume. With O(identity) it does so only if the
        container is that run's. Without, this is how a run is cancelled, whatever it is.
      - V(show) tells of the container O(name) what it is, since when it runs, and what it has written so far. It waits
        for nothing and changes nothing. RV(existing) is V(same) there if the run has O(identity).
    type: str
    choices: [run, prepare, adopt, remove, show]
    default: run
  image:
    description:
      - The image, pinned by its digest, C(name[:tag]@sha256:...), or the id of an image on the engine, C(sha256:...).
      - The tag beside a digest has no meaning but to the reader.
      - Needed unless O(action=remove) or O(action=show). It must have a C(/bin/sh).
      - Its C(ENTRYPOINT), C(CMD), C(HEALTHCHECK) and its variables that begin with C(VAULT_) or C(BAO_) are not used.
        One that declares a C(VOLUME) inside of O(working_dir) is refused.
    type: str
  require_digest:
    description:
      - Whether O(image) must be pinned. V(false) admits a tag, and with it that what runs changes without notice.
    type: bool
    default: true
  commands:
    description:
      - A list of shell commands, run one after the other by one C(/bin/sh -e), so that C(cd) and variables carry over.
        The first that fails ends the run with its status. A text in place of the list is one command.
      - A command that calls C(exit) or C(exec) ends the run with that status, too.
      - Needed unless O(action=remove) or O(action=show). All of them together can have nearly 128 KiB.
    type: raw
    default: []
  archive:
    description:
      - A tar on the target, not compressed, that is unpacked in O(working_dir) before the start. Only plain files,
        folders and symbolic links may be in it, none of them outside, twice, or below anything but a folder.
      - All of it belongs to the container's user.
      - It is refused where another user could exchange it, as are the files of the C(tls_*) options.
    type: path
  archive_sha256:
    description:
      - The SHA-256 that O(archive) must have, as 64 hexadecimal digits in lower case. It is taken of the very bytes
        that are sent, before the start. Other bytes are refused, such as those of an archive that was exchanged in the
        meantime.
    type: str
  files:
    description:
      - Small extra files, such as a CA certificate. They belong to the container's user.
      - A member of O(archive) at such a path, or above it without being a folder, is refused.
      - With O(read_only) they can only be inside of O(working_dir).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path in the container.
        type: str
        required: true
      content:
        description:
          - What the file holds, as text. Anything else is refused, such as the dictionary that ansible-core 2.18
            makes of a template's JSON unless it ends in C(| string).
        type: raw
        required: true
      mode:
        description: Permissions in octal, four digits in quotes.
        type: str
        default: "0644"
  working_dir:
    description:
      - Where the commands start, and where the tree is. It is a volume that is empty at first, whatever the image has
        there, and beside those that the image declares elsewhere the only one.
    type: str
    default: /git
  env:
    description:
      - Variables for the commands, texts or whole numbers.
    type: dict
    default: {}
  secret_env:
    description:
      - Likewise, for secrets. Their values, whole or a line of them, show as C(********) in the output and in
        messages.
    type: dict
    default: {}
  name:
    description:
      - The container's name. Of all calls with one name at most one runs commands at a time.
      - A container of this name that this module did not make is left alone and fails the task.
      - Needed unless O(action=run). A run without one has a name of its own, which nobody else can hold.
    type: str
  identity:
    description:
      - What this run is, such as a commit. It stands for O(archive), whose bytes are not compared.
      - A container of O(name) is this run if O(identity), O(image), O(commands), O(working_dir), O(env), O(files),
        O(user), O(network_mode) and O(cap_add) are the same.
      - A run with an O(archive) and without an identity is like no other, and is never taken over.
    type: str
    default: ""
  owner:
    description:
      - Whose runs these are, for an engine that several machines or instances use. A container is this run only if its
        owner is the same, too. One of another owner under O(name) is left alone and fails the task, unless
        O(action=remove) is asked for without an owner.
      - O(action=prepare) says V(other_running) in RV(existing) as long as any run of this owner is under way, whatever
        its name is.
    type: dict
    suboptions:
      machine:
        description: The machine that polls, such as its host name or a digest of its machine id.
        type: str
        required: true
      instance:
        description: Which of the machine's instances it is.
        type: str
        required: true
      git_dir:
        description: The path of the instance's repository.
        type: str
        required: true
  creates:
    description:
      - A path on the target. If it exists when O(name) is held and everything is ready, nothing is started, the
        container is removed, and RV(skipped_start) is true.
      - It is refused where another user could make or remove it.
    type: path
  cleanup:
    description:
      - V(false) keeps the container once it has ended, so that its result outlives Ansible. A task with
        O(action=remove) is then due.
    type: bool
    default: true
  return_secret_env:
    description:
      - With O(action=remove), whether to return in RV(secret_env) what O(secret_env) the removed container was given,
        so that tokens among them can be ended. The task needs C(no_log).
    type: bool
    default: false
  pull:
    description:
      - When to pull O(image). An image that is named by its id is never pulled.
    type: str
    choices: [missing, always, never]
    default: missing
  registry_username:
    description:
      - Who pulls. Without it the pull is anonymous, whatever the target's Docker client is logged in to.
    type: str
  registry_password:
    description:
      - The password or token of O(registry_username).
    type: str
  network_mode:
    description:
      - V(bridge), V(none), or the name of a network that exists on the engine. The host's network, or that of another
        container, is refused.
    type: str
    default: bridge
  user:
    description:
      - Who runs the commands, as C(user) or C(user:group), each a name in the image or a number. The image's own
        C(USER) if not set.
    type: str
  memory:
    description:
      - The most memory, as a size such as V(512m); there is no swap beside it. No limit if not set.
    type: str
  cpus:
    description:
      - The most CPUs, such as V(1.5). No limit if not set.
    type: float
  pids_limit:
    description:
      - The most processes and threads.
    type: int
    default: 1024
  cap_add:
    description:
      - Capabilities to give back, such as V(CHOWN). V(ALL) is refused.
    type: list
    elements: str
    default: []
  read_only:
    description:
      - Whether only O(working_dir), and where the image declares a C(VOLUME), can be written to.
    type: bool
    default: false
  accept_missing:
    description:
      - Limits that the engine need not apply, as rootless Podman cannot without control groups of version 2. A warning
        tells of each that it does not apply.
      - By default the commands are not run without a limit that was asked for. A dropped limit of swap alone is a
        warning in any case.
    type: list
    elements: str
    choices: [pids_limit, memory, memory_swap, cpus]
    default: []
  timeout:
    description:
      - How long the commands may take, as a duration such as V(90s) or V(1h30m). Then they are killed, and
        RV(timed_out) is true. For a run that is taken over it counts from its start.
      - Getting ready, that is pulling and sending the tree, may take as long again.
      - Another run's container that is still running two minutes after its own time, because whoever started it died,
        is killed and removed with a warning.
    type: str
    default: 30m
  max_output:
    description:
      - How much of each stream is kept, as a size. Of what is longer the middle is cut out, with a note in its place.
      - Control characters but tabs and newlines, characters that nobody sees, and bytes that are no UTF-8, are shown
        escaped.
    type: str
    default: 1 MiB
  docker_host:
    description:
      - The engine, as C(unix:///path) or C(tcp://host:port).
      - Without TLS, C(tcp) is only for the loopback of the target, because all secrets go that way.
      - If not set, the target's E(DOCKER_HOST), and without that the first socket there is of Docker's and Podman's
        usual ones.
    type: str
  tls_ca_cert:
    description:
      - A PEM file on the target with the CA that the engine's certificate must be from. Any O(tls_ca_cert),
        O(tls_client_cert) or O(tls_client_key) makes the connection one over TLS.
    type: path
  tls_client_cert:
    description:
      - A PEM file on the target with the certificate to show to the engine.
    type: path
  tls_client_key:
    description:
      - A PEM file on the target with the key of O(tls_client_cert).
    type: path
"""

EXAMPLES = r"""
- name: Run the tests of a checked out commit
  flant.gitops.container_command:
    name: tests
    image: docker.io/library/golang:1.23@sha256:0ca97f4ab335f4b284a5b8190980c7cdc21d320d529f2b643a8a8733a69bfb6b
    archive: "{{ polled.archive }}"
    archive_sha256: "{{ polled.archive_sha256 }}"
    identity: "{{ polled.content_id }}"
    commands:
      - cd src
      - go vet ./...
      - go test ./...
    memory: 2g
    timeout: 20m

- name: Deploy with a token that is only good for one request
  flant.gitops.container_command:
    name: deploy
    image: registry.example.com/deploy@sha256:0ca97f4ab335f4b284a5b8190980c7cdc21d320d529f2b643a8a8733a69bfb6b
    registry_username: puller
    registry_password: "{{ registry_password }}"
    env:
      VAULT_ADDR: https://vault.example.com:8200
      VAULT_CACERT: /git/.deploy/ca.crt
    secret_env: "{{ wrapped.env }}"
    files:
      - path: /git/.deploy/ca.crt
        content: "{{ lookup('ansible.builtin.file', 'ca.crt') }}"
    commands:
      - bao unwrap -field=password "$VAULT_REQUEST_TOKEN_DATABASE" > password
      - ./deploy
    user: nobody
    network_mode: deployments

- name: Start a run whose result outlives this play
  flant.gitops.container_command:
    name: nightly
    identity: "{{ commit }}"
    image: sha256:0ca97f4ab335f4b284a5b8190980c7cdc21d320d529f2b643a8a8733a69bfb6b
    commands: [./nightly]
    cleanup: false
  register: nightly

- name: Look at what it has written so far
  flant.gitops.container_command:
    action: show
    name: nightly

- name: Remove its container once the result is in a safe place
  flant.gitops.container_command:
    action: remove
    name: nightly
    identity: "{{ commit }}"
"""

RETURN = r"""
rc:
  description: The commands' exit status; 255 if the engine does not know it, as its machine went down.
  returned: when a run has ended
  type: int
  sample: 0
stdout:
  description: What the commands wrote to their standard output, bounded by O(max_output).
  returned: when a run has ended, or O(action=show) and it has been started
  type: str
  sample: "ok\n"
stderr:
  description: What the commands wrote to their standard error, bounded by O(max_output).
  returned: when a run has ended, or O(action=show) and it has been started
  type: str
  sample: ""
stdout_lines:
  description: RV(stdout), split into lines.
  returned: when RV(stdout) is
  type: list
  elements: str
  sample: ["ok"]
stderr_lines:
  description: RV(stderr), split into lines.
  returned: when RV(stderr) is
  type: list
  elements: str
  sample: []
image:
  description: The image as it was asked for.
  returned: success, or when the commands have failed; if O(image) is set
  type: str
  sample: docker.io/library/busybox@sha256:9ae97d36d26566ff84e8893c64a6dc4fe8ca6d1144bf5b87b2b85a32def253c7
image_id:
  description: The image's id on the engine.
  returned: when there is one
  type: str
  sample: sha256:65ad0d468eb1c558bf7f4e64e790f586e9eda649ee9f130cd0e835b292bbc5ac
container_id:
  description: The id of the container that ran, was found, or was removed.
  returned: when there is one
  type: str
  sample: 1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b
identity:
  description: What O(identity) the run under O(name) was given.
  returned: if O(action=show) and there is one
  type: str
  sample: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
secret_env:
  description: The removed container's O(secret_env). It holds secrets.
  returned: if O(return_secret_env) is set and there was a container
  type: dict
  sample: {}
started_at:
  description:
    - When the commands were started, in UTC on the engine's clock. For a run that is in the way, when that one was.
  returned: when the container in question has been started
  type: str
  sample: "2026-11-24T07:50:00.123456Z"
finished_at:
  description: When the commands ended, in UTC on the engine's clock.
  returned: when a run has ended
  type: str
  sample: "2026-11-24T07:50:02.654321Z"
duration:
  description: The seconds between the two.
  returned: when a run has ended
  type: float
  sample: 2.530865
timed_out:
  description: Whether the commands were killed because O(timeout) was over. The task has then failed.
  returned: when a run has ended
  type: bool
  sample: false
oom_killed:
  description: Whether any process ran out of O(memory). The task has then failed, whatever RV(rc) is.
  returned: when a run has ended
  type: bool
  sample: false
cut_off:
  description:
    - Whether the engine does not know how the run ended, such as after a power cut. The task has then failed.
  returned: when a run has ended
  type: bool
  sample: false
adopted:
  description: Whether the run was started by an earlier call.
  returned: success, or when the commands have failed
  type: bool
  sample: false
skipped_start:
  description: Whether nothing was started because O(creates) exists.
  returned: success
  type: bool
  sample: false
existing:
  description:
    - What stood under O(name) when the module looked.
    - V(none) is nothing, or something half made that is no more. V(same) is this very run, started. V(other_running)
      is another run that is under way or being made. V(other_exited) is another run that has ended.
    - A failure because of a run in the way has V(other_running) here, and RV(started_at).
  returned: success, or when the commands have failed or a run is in the way
  type: str
  sample: none
"""

import json

from ansible_collections.flant.gitops.plugins.module_utils._packed import compile_once

compile_once()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible

ARGUMENT_SPEC = {
    "action": {"type": "str", "choices": ["run", "prepare", "adopt", "remove", "show"], "default": "run"},
    "image": {"type": "str"},
    "require_digest": {"type": "bool", "default": True},
    "commands": {"type": "raw", "default": []},
    "archive": {"type": "path"},
    "archive_sha256": {"type": "str"},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "raw", "required": True},
            "mode": {"type": "str", "default": "0644"},
        },
    },
    "working_dir": {"type": "str", "default": "/git"},
    "env": {"type": "dict", "default": {}},
    "secret_env": {"type": "dict", "default": {}, "no_log": True},
    "name": {"type": "str"},
    "identity": {"type": "str", "default": ""},
    "owner": {
        "type": "dict",
        "options": {
            "machine": {"type": "str", "required": True},
            "instance": {"type": "str", "required": True},
            "git_dir": {"type": "str", "required": True},
        },
    },
    "creates": {"type": "path"},
    "cleanup": {"type": "bool", "default": True},
    "return_secret_env": {"type": "bool", "default": False, "no_log": False},
    "pull": {"type": "str", "choices": ["missing", "always", "never"], "default": "missing"},
    "registry_username": {"type": "str"},
    "registry_password": {"type": "str", "no_log": True},
    "network_mode": {"type": "str", "default": "bridge"},
    "user": {"type": "str"},
    "memory": {"type": "str"},
    "cpus": {"type": "float"},
    "pids_limit": {"type": "int", "default": 1024},
    "cap_add": {"type": "list", "elements": "str", "default": []},
    "read_only": {"type": "bool", "default": False},
    "accept_missing": {
        "type": "list",
        "elements": "str",
        "choices": ["pids_limit", "memory", "memory_swap", "cpus"],
        "default": [],
    },
    "timeout": {"type": "str", "default": "30m"},
    "max_output": {"type": "str", "default": "1 MiB"},
    "docker_host": {"type": "str"},
    "tls_ca_cert": {"type": "path"},
    "tls_client_cert": {"type": "path"},
    "tls_client_key": {"type": "path", "no_log": False},
}


# What the engine says of a run.
_SAID = ("rc", "duration", "started_at", "finished_at", "image_id", "container_id", "existing")


def _leave_whole(module: AnsibleModule, result: dict[str, object]) -> None:
    """Keep Ansible from masking what the engine says because a secret is a part of it by chance, such as a number.

    Secrets in the output and in messages are masked already; beside that, the parameters that hold them are left out.
    """
    said = json.dumps([result.get(name) for name in _SAID])
    met = {value for value in module.no_log_values if value in said}
    if met:
        module.no_log_values -= met
        module.params["secret_env"] = module.params["registry_password"] = None


def main() -> None:
    """Run the module."""
    from ansible_collections.flant.gitops.plugins.module_utils._container.run import run

    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with interruptible():
            outcome = run(Request.from_params(module.params, check_mode=module.check_mode))
    except Failure as failure:
        for warning in failure.warnings:
            module.warn(warning)
        _leave_whole(module, failure.result)
        module.fail_json(msg=str(failure), **failure.result)
    for warning in outcome.warnings:
        module.warn(warning)
    result = outcome.result()
    _leave_whole(module, result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
