# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.ssh_key import defect, is_encrypted
from ansible_collections.flant.gitops.tests.support.environment import clean
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = (("ed25519", "RFC4716"), ("rsa", "RFC4716"), ("rsa", "PEM"), ("ecdsa", "PKCS8"))


@pytest.mark.parametrize("passphrase", ["", "secret"])
@pytest.mark.parametrize(("algorithm", "form"), FORMATS)
def test_t21_what_ssh_keygen_writes_is_sound_and_its_passphrase_is_seen(
    tmp_path: Path, algorithm: str, form: str, passphrase: str
) -> None:
    path = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-t", algorithm, "-m", form, "-N", passphrase, "-f", str(path)]
    subprocess.run(command, env=clean(), check=True)
    key = path.read_bytes()
    assert defect(key) == ""
    assert is_encrypted(key) == bool(passphrase)
    assert defect(path.with_suffix(".pub").read_bytes()).startswith("it is a public key")
    assert defect(key[:-1]).startswith("there is no line feed")
    assert defect(key.replace(b"\n", b"\r\n")).startswith("its lines end with carriage returns")


@given(st.binary())
def test_t21_any_bytes_are_looked_at(content: bytes) -> None:
    assert isinstance(defect(content), str)
    assert is_encrypted(b"-----BEGIN OPENSSH PRIVATE KEY-----" + content + b"-----END ") in (True, False)
