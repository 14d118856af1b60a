# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpg under a system-wide configuration, /etc/gnupg/gpg.conf, which no option of gpg turns off.

Each test runs where /etc is a copy that nobody else sees; root may mount it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.signers import Signers, armored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VERIFY = """
import json, sys
inputs = json.load(sys.stdin)
sys.path[:0] = inputs["path"]
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import keyring
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import read
with keyring.trusted([read(text, "trusted_keys") for text in inputs["keys"]]) as ring:
    payloads = [b"payload"] * len(inputs["signatures"])
    verdicts = ring.workers.map(ring.verify, payloads, [each.encode() for each in inputs["signatures"]])
    print(json.dumps([getattr(verdict, "fingerprint", None) for verdict in verdicts]))
"""
_SHELL = 'mount --bind "$1" /etc && exec "$2" -c "$3"'


@pytest.fixture(scope="module")
def etc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("system") / "etc"
    shutil.copytree("/etc", copy, symlinks=True)
    (copy / "gnupg").mkdir(exist_ok=True)
    return copy


def _verdicts(etc: Path, configuration: str, keys: Sequence[str], signatures: Sequence[bytes]) -> list[str | None]:
    (etc / "gnupg/gpg.conf").write_text(configuration)
    inputs = {"path": sys.path, "keys": keys, "signatures": [armored(each).decode() for each in signatures]}
    command = ["unshare", "--mount", "sh", "-c", _SHELL, "sh", str(etc), sys.executable, _VERIFY]
    ran = subprocess.run(command, input=json.dumps(inputs), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    verdicts: list[str | None] = json.loads(ran.stdout)
    return verdicts


@pytest.mark.parametrize(
    "configuration",
    [
        "keyring {home}/pubring.kbx\n",
        "no-default-keyring\nkeyring {home}/pubring.kbx\n",
        "auto-key-retrieve\nauto-key-import\nauto-key-locate wkd\n",
        "verbose\nstatus-fd 1\nwith-fingerprint\n",
        "no-require-cross-certification\nallow-weak-digest-algos\nignore-time-conflict\n",
        "trust-model tofu\ntofu-default-policy bad\n",
        "homedir {home}\n",
        "use-agent\nno-greeting\nno-such-option\n",
    ],
)
def test_s8_the_systems_configuration_lets_nobody_in_and_keeps_nobody_out(
    etc: Path, signers: Signers, configuration: str
) -> None:
    signatures = [
        signers.alice.sign(b"payload"),
        signers.bob.sign(b"payload", "--include-key-block"),
        signers.alice.sign(b"payload", "--digest-algo", "SHA1"),
        signers.alice.sign(b"payload", at="20900101T000000"),
        signers.alice.sign(b"other payload"),
    ]
    keys = [signers.alice.public_key]
    verdicts = _verdicts(etc, configuration.format(home=signers.home), keys, signatures)
    assert verdicts == [signers.alice.fingerprint, None, None, None, None]


@pytest.mark.parametrize("configuration", ["logger-fd 1\n", "dry-run\n", "import-options show-only\n", "option\n"])
def test_s8_a_configuration_that_keeps_gpg_from_working_lets_nobody_in(
    etc: Path, signers: Signers, configuration: str
) -> None:
    verdicts = _verdicts(etc, configuration, [signers.alice.public_key], [signers.bob.sign(b"payload")])
    assert verdicts == [None]
