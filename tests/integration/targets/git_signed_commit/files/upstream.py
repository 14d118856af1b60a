# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a repository whose head one signer has signed, by the commit's own signature, and another by a note.

Prints as JSON where it is, its two commits, and the signers' public keys. Usage: upstream.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signers import fresh


def main() -> None:
    """Make it and describe it."""
    repository = Repository(Path(sys.argv[1]) / "upstream.git")
    with fresh() as signers:
        alice, bob = signers.create("alice"), signers.create("bob")
        first = repository.commit({"file": b"first\n"}, signer=alice)
        head = repository.commit({"file": b"second\n", "folder/run*": b"#!/bin/sh\n"}, signer=alice)
        repository.note(head, bob)
        described = {
            "repo": str(repository.path),
            "first": first,
            "head": head,
            "keys": [alice.public_key, bob.public_key],
        }
    print(json.dumps(described))  # noqa: T201 -- the one answer of this program


if __name__ == "__main__":
    main()
