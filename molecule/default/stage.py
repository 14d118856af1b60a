# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep up what the scenario plays on: a signed repository, an image, an OpenBao.

``stage.py FOLDER start`` writes the role's variables to FOLDER/stage.json once all is up, and leaves it up until
``stage.py FOLDER end``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import docker
from ansible_collections.flant.gitops.tests.support import images, openbao, signature_notes
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.signers import Signers

ENGINE = "unix:///var/run/docker.sock"
STARTS_WITHIN = 120  # seconds
POLICY = 'path "{mount}/*" { capabilities = ["read"] }'
COMMANDS = (
    'export HEADER="X-Vault-Token: $VAULT_REQUEST_TOKEN_DATABASE"',
    'answer=$(wget -q -O - --header "$HEADER" --post-data "{}" "$VAULT_ADDR/v1/sys/wrapping/unwrap")',
    'case "$answer" in *staple*) cat file;; *) false;; esac',
)


def repository(folder: Path) -> tuple[str, str]:
    """Make a repository with one commit, signed by alice; return its URL and her public key."""
    upstream, home = folder / "upstream", folder / "gpg"
    for new in (upstream, home):
        new.mkdir(mode=0o700)
    signers = Signers(home)
    alice = signers.create("alice")
    (upstream / "file").write_text("hello from the commit\n", encoding="utf-8")
    for command in (("init", "--initial-branch=main"), ("add", "--all"), ("commit", "--message", "First")):
        subprocess.run(["git", *command], cwd=upstream, env=clean(), check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=upstream, env=clean(), check=True, capture_output=True)
    signature_notes.add(upstream, head.stdout.decode().strip(), alice)
    signers.stop_agent()
    return upstream.as_uri(), alice.public_key


def keep_up(folder: Path) -> None:
    """Set the stage, tell its variables, and wait for the end."""
    client = docker.DockerClient(base_url=ENGINE, version="auto")
    bridge = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    with ExitStack() as stack:
        stack.callback(client.close)
        image = stack.enter_context(images.busybox().loaded(client.api))
        server = stack.enter_context(openbao.running(host=bridge.get("Gateway") or "172.17.0.1"))
        mount = server.mount("kv")
        server.call("POST", f"/v1/{mount}/database", {"password": "correct horse battery staple"})
        role = server.approle(POLICY.replace("{mount}", mount))
        url, key = repository(folder)
        variables = {
            "git_repo_url": url,
            "required_number_of_verified_signatures_on_commit": 1,
            "trusted_pgp_public_keys": {"alice": key},
            "docker_image": image,
            "docker_host": ENGINE,
            "commands": COMMANDS,
            "vault_addr": server.address,
            "vault_role_id": role.role_id,
            "vault_secret_id": server.secret_id(role),
            "vault_requests": [{"name": "database", "path": f"/{mount}/database"}],
        }
        ready = folder / "stage.json"
        partial = ready.with_suffix(".partial")
        partial.write_text(json.dumps({f"flant_gitops_{name}": value for name, value in variables.items()}), "utf-8")
        partial.rename(ready)
        signal.sigwait({signal.SIGTERM})


def start(folder: Path) -> None:
    """Let a process of its own keep the stage up; return once it stands."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stage.log").open("wb") as log:
        command = [sys.executable, __file__, str(folder), "keep-up"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (folder / "pid").write_text(str(process.pid), encoding="utf-8")
    until = time.monotonic() + STARTS_WITHIN
    while not (folder / "stage.json").exists():
        if process.poll() is not None or time.monotonic() > until:
            sys.exit((folder / "stage.log").read_text(encoding="utf-8"))
        time.sleep(0.1)


def end(folder: Path) -> None:
    """Take the stage down and wait until it is gone."""
    process = int((folder / "pid").read_text(encoding="utf-8"))
    os.kill(process, signal.SIGTERM)
    until = time.monotonic() + STARTS_WITHIN
    while Path(f"/proc/{process}").exists() and time.monotonic() < until:
        time.sleep(0.1)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM} if sys.argv[2] == "keep-up" else set())
    {"start": start, "keep-up": keep_up, "end": end}[sys.argv[2]](Path(sys.argv[1]))
