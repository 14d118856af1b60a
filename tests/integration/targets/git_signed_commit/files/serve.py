# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a repository over HTTPS and SSH, as the examples of the module's documentation expect it, until told to end.

One signer has signed its head by the commit's own signature, another by a note.
Usage: serve.py FOLDER. Once it can be reached, FOLDER/upstream.json says how; public keys are in FOLDER/keys.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import trustme
from ansible_collections.flant.gitops.tests.support import background, git_server
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signers import fresh

PASSWORD = "s3cret-of-the-test"


def main() -> None:
    """Serve."""
    folder = Path(sys.argv[1])
    with contextlib.ExitStack() as stack:
        repository = Repository(folder / "served/infrastructure.git")
        signers = stack.enter_context(fresh())
        alice, laptop, bob, carol = (signers.create(name) for name in ("alice", "alice-laptop", "bob", "carol"))
        first = repository.commit({"file": b"first\n"}, signer=alice)
        head = repository.commit({"file": b"second\n", "folder/run*": b"#!/bin/sh\n"}, signer=alice)
        repository.note(head, bob, carol)
        (folder / "keys").mkdir()
        for signer in (alice, laptop, bob, carol):
            (folder / f"keys/{signer.name}.asc").write_text(signer.public_key, encoding="ascii")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        https = stack.enter_context(git_server.http_server(folder / "served", authority.issue_cert("127.0.0.1")))
        https.behaviour.account = f"deploy:{PASSWORD}"
        ssh = stack.enter_context(git_server.ssh_server(folder / "ssh"))
        described = {
            "repo": str(repository.path),
            "https": f"{https.url}/infrastructure.git",
            "password": PASSWORD,
            "ca_file": str(folder / "ca.pem"),
            "ssh": f"{ssh.url}{repository.path}",
            "ssh_key_file": str(ssh.key),
            "ssh_known_hosts_file": str(ssh.known_hosts),
            "first": first,
            "head": head,
            "keys": [alice.public_key, bob.public_key],
        }
        background.serve(folder / "upstream.json", described)


if __name__ == "__main__":
    background.run(main)
