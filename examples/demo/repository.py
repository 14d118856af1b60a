# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A git repository of the demo's own, and the people who sign its commits."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(__file__).resolve().parents[2] / "bin"  # where git approve is


def output(*command: str | Path, **options: object) -> str:
    """Return what ``command`` prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


@dataclass(frozen=True)
class Signer:
    """Somebody with a key of their own, and how git is told to sign with it."""

    name: str
    public_key: str
    options: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def leave(self) -> None:
        """End the agent that gpg has started for the key, if it is one of gpg's."""
        home = self.environment.get("GNUPGHOME")
        if home:
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


def with_openpgp(name: str, folder: Path) -> Signer:
    """Return ``name`` with the OpenPGP key in their GNUPGHOME below ``folder``, made where it is missing."""
    home, address = folder / name, f"{name}@example.com"
    gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet")
    if not home.exists():
        home.mkdir(mode=0o700)
        identity = f"{name.capitalize()} <{address}>"
        output(*gpg, "--passphrase", "", "--quick-generate-key", identity, "ed25519", "sign", "1d")
    public_key = output(*gpg, "--armor", "--export")
    return Signer(name, public_key, ("-c", f"user.signingKey={address}"), {"GNUPGHOME": str(home)})


def with_ssh(name: str, folder: Path) -> Signer:
    """Return ``name`` with the SSH key in a file below ``folder``, made where it is missing."""
    file = folder / f"{name}.pub"
    if not file.exists():
        private = file.with_suffix("")
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example.com", "-f", private)
    return Signer(name, file.read_text(encoding="utf-8"), ("-c", "gpg.format=ssh", "-c", f"user.signingKey={file}"))


def signers(folder: Path) -> tuple[Signer, Signer]:
    """Return alice, who signs with OpenPGP, and bob, who signs with SSH."""
    return with_openpgp("alice", folder), with_ssh("bob", folder)


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
        environment, options = self._environment, ()
        if by:
            environment = {**environment, **by.environment, "PATH": f"{BIN}:{environment['PATH']}"}
            options = by.options
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
