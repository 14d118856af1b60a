# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A git repository of the demo's own, and the people who sign its commits."""

from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def output(*command: str | Path, **options: object) -> str:
    """Return what ``command`` prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


class Signer:
    """Somebody with an OpenPGP key of their own."""

    def __init__(self, name: str, home: Path) -> None:
        """Take the key of ``name`` in their GNUPGHOME below ``home``, made where it is missing."""
        self.name = name
        self._home = home / name
        if not self._home.exists():
            self._home.mkdir(mode=0o700)
            identity = f"{name.capitalize()} <{name}@example.com>"
            self._gpg("--quick-generate-key", identity, "ed25519", "sign", "1d")
        self.public_key = self._gpg("--armor", "--export").decode()

    def _gpg(self, *arguments: str, data: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--quiet", "--passphrase", "", *arguments]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout

    def sign(self, data: bytes) -> bytes:
        """Return a detached signature over ``data``."""
        return self._gpg("--detach-sign", data=data)

    def leave(self) -> None:
        """End the agent that gpg has started for this key."""
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "all"], check=False)


class Repository:
    """A working copy and the bare repository that it pushes to."""

    def __init__(self, folder: Path) -> None:
        """Take both below ``folder``, made where they are missing."""
        self.url = (folder / "app.git").as_uri()
        self._work = folder / "app"
        self._environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        if not self._work.exists():
            self._make(folder)

    def _make(self, folder: Path) -> None:
        self._git("init", "--quiet", "--bare", "--initial-branch=main", folder / "app.git", at=folder)
        self._git("init", "--quiet", "--initial-branch=main", self._work, at=folder)
        self._git("config", "user.name", "Dana Developer")
        self._git("config", "user.email", "dana@example.com")
        self._git("remote", "add", "origin", self.url)

    def _git(self, *arguments: str | Path, at: Path | None = None) -> str:
        return output("git", *arguments, cwd=at or self._work, env=self._environment)

    def commit(self, version: str) -> str:
        """Commit and push a new ``version`` without a signature; return the commit's id."""
        (self._work / "version.txt").write_text(f"{version}\n", encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", f"Release {version}")
        self._git("push", "--quiet", "origin", "main")
        return self._git("rev-parse", "HEAD")

    def add_signature(self, commit: str, signer: Signer) -> None:
        """Publish ``signer``'s signature of ``commit`` as a git-signatures note."""
        line = base64.b64encode(signer.sign(commit.encode())).decode()
        self._git("notes", "--ref=signatures", "append", "--message", line, commit)
        self._git("push", "--quiet", "--force", "origin", "refs/notes/signatures:refs/tags/latest-signature")
