# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before any engine is asked; all else is tested on real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import connect
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Tls
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from pathlib import Path


def refusal(address: str, tls: Tls | None) -> str:
    with pytest.raises(Failure) as raised, connect(address, tls):
        pass
    return str(raised.value)


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_r14_a_file_for_tls_that_others_could_exchange_is_refused(tmp_path: Path, option: str) -> None:
    file = tmp_path / "file.pem"
    file.touch()
    tls = replace(Tls(None, None, None), **{option: str(file)})
    file.chmod(0o666)
    assert refusal("tcp://127.0.0.1:1", tls) == f"tls_{option}: {file} can be written by others than its owner."
    file.chmod(0o600)
    tmp_path.chmod(0o777)
    assert refusal("tcp://127.0.0.1:1", tls).startswith(f"tls_{option}: {tmp_path} can be written to by others")


def test_c17_an_engine_that_the_environment_names_needs_tls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.invalid:2375")
    assert refusal("", None).startswith(
        "docker_host: tcp://engine.invalid:2375 is reached over the network without TLS"
    )
