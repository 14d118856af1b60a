# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A git repository of the demo's own, and the people who sign its commits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

BIN = Path(__file__).resolve().parents[2] / "bin"  # where git approve is


def output(*command: str | Path, **options: object) -> str:
    """Return what ``command`` prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


class Signer:
    """Somebody with an OpenPGP key of their own."""

    def __init__(self, name: str, home: Path) -> None:
        """Take the key of ``name`` in their GNUPGHOME below ``home``, made where it is missing."""
        self.name = name
        self.key = f"{name}@example.com"
        self.home = home / name
        if not self.home.exists():
            self.home.mkdir(mode=0o700)
            identity = f"{name.capitalize()} <{self.key}>"
            self._gpg("--passphrase", "", "--quick-generate-key", identity, "ed25519", "sign", "1d")
        self.public_key = self._gpg("--armor", "--export")

    def _gpg(self, *arguments: str) -> str:
        return output("gpg", "--homedir", str(self.home), "--batch", "--quiet", *arguments)

    def leave(self) -> None:
        """End the agent that gpg has started for this key."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)


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

    def _git(self, *arguments: str | Path, at: Path | None = None, by: Signer | None = None) -> str:
        environment, options = self._environment, []
        if by:
            environment = {**environment, "GNUPGHOME": str(by.home), "PATH": f"{BIN}:{environment['PATH']}"}
            options = ["-c", f"user.signingKey={by.key}"]
        return output("git", *options, *arguments, cwd=at or self._work, env=environment)

    def commit(self, version: str, author: Signer) -> str:
        """Commit and push a new ``version``, signed by ``author``; return the commit's id."""
        (self._work / "version.txt").write_text(f"{version}\n", encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--gpg-sign", "--message", f"Release {version}", by=author)
        self._git("push", "--quiet", "origin", "main")
        return self._git("rev-parse", "HEAD")

    def approve(self, commit: str, signer: Signer) -> None:
        """Let ``signer`` approve a commit that somebody else has made."""
        self._git("approve", "sign", commit, "--yes", by=signer)
