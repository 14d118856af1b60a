# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys as they are given."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import read
from ansible_collections.flant.gitops.tests.support.ssh_signers import Forger, create, string
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path


def _line(kind: str, *fields: bytes) -> str:
    return f"{kind} {base64.b64encode(b''.join(map(string, (kind.encode(), *fields)))).decode()}"


_POINT = b"\x04" + bytes(range(1, 65))
_PLAIN = Forger().public_key
_MODULUS = b"\0\xff" + 255 * b"\x01"


@pytest.mark.parametrize(
    "kind", [("ed25519",), ("ecdsa", "-b", "384"), ("rsa", "-b", "2048"), ("rsa", "-b", "3072")], ids=" ".join
)
def test_a_key_is_read_with_the_fingerprint_that_ssh_keygen_shows(tmp_path: Path, kind: tuple[str, ...]) -> None:
    signer = create(tmp_path, "alice", *kind)
    assert read(signer.public_key, "keys[0]").fingerprint == signer.fingerprint


def test_a_security_key_is_read() -> None:
    assert read(Forger(security_key=True, application=b"ssh:work").public_key, "keys[0]").type.startswith("sk-ssh")
    key = _line("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", _POINT, b"ssh:")
    assert read(key, "keys[0]").material == read(_line("ecdsa-sha2-nistp256", b"nistp256", _POINT), "x").material


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(f"cert-authority {_PLAIN}", "no options", id="authority"),
        pytest.param(f'namespaces="git" {_PLAIN}', "no options", id="options"),
        pytest.param(f"alice@example.org {_PLAIN}", "no options", id="allowed_signers"),
        pytest.param(f"{_PLAIN}\n{_PLAIN}", "one line", id="two keys"),
        pytest.param("ssh-ed25519", "one line", id="no base64"),
        pytest.param("ssh-ed25519-cert-v01@openssh.com AAAA", "is an SSH certificate", id="certificate"),
        pytest.param("ssh-dss AAAA", "of the type ssh-dss", id="DSA"),
        pytest.param(_PLAIN.replace("ssh-ed25519 ", "ssh-rsa "), "do not agree", id="another type"),
        pytest.param(_PLAIN.replace("AAAA", "AAA", 1), "is not an SSH public key", id="damaged"),
        pytest.param(_line("ssh-ed25519", bytes(31)), "wrong length", id="short"),
        pytest.param(_line("ssh-ed25519", bytes(32), b""), "something follows", id="more"),
        pytest.param(_line("ssh-rsa", b"\x03", b"\x7f" + bytes(127)), "1023 bits does not count", id="short RSA"),
        pytest.param(_line("ssh-rsa", b"\x03", b"\x7f" + bytes(1024)), "8199 bits does not count", id="long RSA"),
        pytest.param(_line("ssh-rsa", b"\x01", _MODULUS), "does not count", id="RSA exponent 1"),
        pytest.param(_line("ssh-rsa", b"\0\x03", _MODULUS), "ill-formed number", id="RSA number with a zero"),
        pytest.param(_line("ssh-rsa", b"\x03", _MODULUS[1:]), "ill-formed number", id="negative RSA number"),
        pytest.param(_line("ecdsa-sha2-nistp256", b"nistp384", _POINT), "its curve", id="another curve"),
        pytest.param(
            _line("ecdsa-sha2-nistp256", b"nistp256", b"\x02" + _POINT[1:33]), "uncompressed", id="compressed"
        ),
        pytest.param(
            _line("sk-ssh-ed25519@openssh.com", bytes(32), b"https://x"), "does not begin with ssh:", id="application"
        ),
    ],
)
def test_s25_what_is_not_one_key_that_may_count_is_refused_by_its_option(text: str, reason: str) -> None:
    with pytest.raises(Failure, match=rf"^keys\[1\] .*{reason}.*\.$"):
        read(text, "keys[1]")


@given(st.binary(), st.sampled_from(["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com"]))
def test_any_octets_are_a_key_or_refused(octets: bytes, kind: str) -> None:
    with pytest.raises(Failure, match=r"^key .*\.$"):
        read(f"{kind} {base64.b64encode(string(kind.encode()) + octets).decode()}", "key")
