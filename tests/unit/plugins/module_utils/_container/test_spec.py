# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import DOCKER, PODMAN
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._container.spec import create_body, script
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from hypothesis import given
from hypothesis import strategies as st


def _request(**options: Any) -> Request:  # noqa: ANN401 -- of several types
    return Request(**{"action": "run", "name": "name", "commands": ("true",), **options})


def _body(image_config: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- likewise
    image = {"Id": "sha256:1234", "Config": image_config}
    return create_body(_request(**options), image, {"label": "x"}, DOCKER)


def test_every_seal_is_on_by_default() -> None:
    body = _body()
    assert body["HostConfig"] == {
        "Mounts": [{"Type": "volume", "Target": "/git", "VolumeOptions": {"NoCopy": True}}],
        "NetworkMode": "bridge",
        "CapDrop": ["ALL"],
        "CapAdd": [],
        "SecurityOpt": ["no-new-privileges"],
        "Init": True,
        "Privileged": False,
        "ReadonlyRootfs": False,
        "PidsLimit": 1024,
        "Memory": 0,
        "MemorySwap": 0,
        "NanoCpus": 0,
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": False,
        "LogConfig": {
            "Type": "local",
            "Config": {"max-size": "1048576", "max-file": "2", "compress": "false"},
        },
    }
    assert body["Healthcheck"] == {"Test": ["NONE"]}
    assert body["Entrypoint"] == ["/bin/sh"]
    assert body["Cmd"] == ["-ec", "eval true"]
    assert body["Image"] == "sha256:1234"
    assert body["Labels"] == {"label": "x"}


def test_limits_go_in() -> None:
    host = _body(memory=1 << 20, cpus=1.5, pids_limit=7, cap_add=("CHOWN",), read_only=True, network_mode="none")[
        "HostConfig"
    ]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (
        1 << 20,
        1 << 20,
        1500000000,
        7,
    )
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], ["CHOWN"])
    assert host["ReadonlyRootfs"] is True
    assert host["NetworkMode"] == "none"


def test_c2_the_image_s_variables_for_vault_are_taken_away() -> None:
    config = {"Env": ["PATH=/bin", "VAULT_ADDR=evil", "VAULT_TOKEN=evil", "BAO_ADDR=", "OTHER=1"]}
    options = {"env": {"VAULT_ADDR": "right", "A": "b=c"}, "secret_env": {"S": "t"}}
    assert _body(config, **options)["Env"] == ["BAO_ADDR", "VAULT_TOKEN", "VAULT_ADDR=right", "A=b=c", "S=t"]
    image = {"Id": "x", "Config": config}
    # A name alone makes Podman look the value up in its own environment.
    assert create_body(_request(), image, {}, PODMAN)["Env"] == ["BAO_ADDR=", "VAULT_ADDR=", "VAULT_TOKEN="]


def test_the_user_is_the_task_s_or_the_image_s() -> None:
    assert _body({"User": "image"})["User"] == "image"
    assert _body({"User": "image"}, user="task")["User"] == "task"
    assert _body(None)["User"] == ""


@pytest.mark.parametrize("path", ["/git/x", "/git/x/", "//git//x", "git/x", "/a/../git/x", "/git/./x/y"])
def test_c2_a_volume_inside_the_tree_is_refused(path: str) -> None:
    with pytest.raises(Failure, match=r"^image: it declares a volume at "):
        _body({"Volumes": {"/fine": {}, path: {}}})


@pytest.mark.parametrize("path", ["/git", "/git/", "/", "/gitter", "/data", "/git/../x"])
def test_c2_a_volume_elsewhere_is_not(path: str) -> None:
    assert _body({"Volumes": {path: {}}})


def test_what_the_kernel_would_not_take_is_refused() -> None:
    assert _body(commands=("x" * (131071 - len("eval ")),))
    with pytest.raises(Failure, match=r"^commands: all of them together is longer than the 131071 bytes"):
        _body(commands=("x" * 131071,))
    with pytest.raises(Failure, match=r"^env: BIG is longer"):
        _body(env={"BIG": "ü" * 65536})
    with pytest.raises(Failure, match=r"^secret_env: BIG is longer") as raised:
        _body(secret_env={"BIG": "secret" * 30000})
    assert "secretsecret" not in str(raised.value)


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20), min_size=1, max_size=4))
def test_each_command_is_one_word_to_the_shell(commands: list[str]) -> None:
    lines = script(tuple(commands)).replace("eval ", "printf '%s\\0' ")
    ran = subprocess.run(["/bin/sh", "-c", lines], check=True, capture_output=True)
    assert ran.stdout.decode() == "".join(f"{command}\0" for command in commands)


def test_the_log_is_bounded_by_what_is_shown() -> None:
    assert _body(max_output=5 << 20)["HostConfig"]["LogConfig"]["Config"]["max-size"] == "5242880"
    assert _body(max_output=1)["HostConfig"]["LogConfig"]["Config"]["max-size"] == "65536"
