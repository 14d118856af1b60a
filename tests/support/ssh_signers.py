# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People with SSH keys: real keys and signatures of ssh-keygen, and others that it would not make."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

_SK = b"sk-ssh-ed25519@openssh.com"


@dataclass(frozen=True)
class SshSigner:
    """A key in a file of its own."""

    file: Path

    @property
    def public_key(self) -> str:
        return self.file.with_suffix(".pub").read_text()

    @property
    def fingerprint(self) -> str:
        listing = subprocess.run(["ssh-keygen", "-l", "-f", self.file], capture_output=True, check=True)
        return listing.stdout.decode().split()[1]

    def sign(self, data: bytes, namespace: str = "git", *options: str) -> bytes:
        """Return an armored signature."""
        command = ["ssh-keygen", "-Y", "sign", "-n", namespace, *options, "-f", str(self.file)]
        return subprocess.run(command, input=data, capture_output=True, env=clean(), check=True).stdout

    def note_line(self, commit: str) -> bytes:
        return base64.b64encode(blob_of(self.sign(commit.encode(), "git-signatures")))


def create(folder: Path, name: str, kind: str = "ed25519", *options: str) -> SshSigner:
    file = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-C", name, "-f", str(file)]
    subprocess.run(command, env=clean(), check=True)
    return SshSigner(file)


def blob_of(armored: bytes) -> bytes:
    return base64.b64decode(b"".join(armored.split(b"\n")[1:-2]))


def armored(blob: bytes) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\n%b-----END SSH SIGNATURE-----\n" % base64.encodebytes(blob)


def string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


class Forger:
    """Signatures with any fields, by an Ed25519 key, or by one that passes itself off as a security key."""

    def __init__(self, *, security_key: bool = False, application: bytes = b"ssh:") -> None:
        self._key = Ed25519PrivateKey.generate()
        self._type = _SK if security_key else b"ssh-ed25519"
        self._application = application
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.blob = string(self._type) + string(self._key.public_key().public_bytes(*raw))
        self.blob += string(application) if security_key else b""

    @property
    def public_key(self) -> str:
        return f"{self._type.decode()} {base64.b64encode(self.blob).decode()} forged"

    def sign(
        self,
        data: bytes,
        *,
        namespace: bytes = b"git",
        reserved: bytes = b"",
        digest: bytes = b"sha512",
        version: int = 1,
        flags: int = 1,
        algorithm: bytes = b"",
        inside: bytes = b"",
        behind: bytes = b"",
    ) -> bytes:
        """Return a binary signature, with octets ``inside`` that follow the numbers, and ``behind`` all of it."""
        fields = string(namespace) + string(reserved) + string(digest)
        signed = b"SSHSIG" + fields + string(hashlib.new(digest.decode(), data).digest())
        if self._type == _SK:
            state = bytes([flags]) + (7).to_bytes(4, "big")
            signed = hashlib.sha256(self._application).digest() + state + hashlib.sha256(signed).digest()
            signature = string(algorithm or self._type) + string(self._key.sign(signed)) + state
        else:
            signature = string(algorithm or self._type) + string(self._key.sign(signed))
        return b"SSHSIG" + version.to_bytes(4, "big") + string(self.blob) + fields + string(signature + inside) + behind
