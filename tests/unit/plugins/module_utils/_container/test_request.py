# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image
from ansible_collections.flant.gitops.plugins.module_utils._container.request import (
    ExtraFile,
    RegistryLogin,
    Request,
    Tls,
)
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.container_call import DEFAULTS

IMAGE = f"sha256:{'0' * 64}"


def _request(**options: Any) -> Request:  # noqa: ANN401 -- of several types
    given = {**DEFAULTS, "name": "name", "image": IMAGE, "commands": ["true"], **options}
    return Request.from_params(given, check_mode=False)


def test_defaults() -> None:
    assert _request() == Request(action="run", name="name", image=Image(IMAGE), commands=("true",))


def test_everything_given(tmp_path: Path) -> None:
    archive = tmp_path / "tree.tar"
    archive.touch()
    request = _request(
        archive=str(archive),
        files=[{"path": "/git//a/./b", "content": "ü", "mode": "0755"}],
        working_dir="/git/",
        env={"A": "1", "B": 2, "C": ""},
        secret_env={"S": "t"},
        creates="/superseded",
        registry_username="u",
        registry_password="p",
        user="worker:workers",
        memory="1g",
        cpus=0.5,
        cap_add=["cap_chown", "SETUID", "CHOWN"],
        timeout="1h30m",
        max_output="2 MiB",
        docker_host="tcp://engine:2376",
        tls_ca_cert="/ca.pem",
    )
    assert request.archive == archive
    assert request.files == (ExtraFile("/git/a/b", "ü".encode(), 0o755),)
    assert request.working_dir == "/git"
    assert request.env == {"A": "1", "B": "2", "C": ""}
    assert request.creates == Path("/superseded")
    assert request.registry_login == RegistryLogin("u", "p")
    assert request.secrets == ["t", "p"]
    assert (request.memory, request.cpus) == (1 << 30, 0.5)
    assert request.cap_add == ("CHOWN", "SETUID")
    assert (request.timeout, request.max_output) == (5400.0, 2 << 20)
    assert request.tls == Tls("/ca.pem", None, None)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"name": "x"}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "-ab"}, "name"),
        ({"name": "../x"}, "name"),
        ({"name": "ab\n"}, "name"),
        ({"image": None}, "image"),
        ({"image": "busybox"}, "image"),
        ({"commands": []}, "commands"),
        ({"archive": "/no/such/file"}, "archive"),
        ({"archive": "/"}, "archive"),
        ({"files": [{"path": "relative", "content": "", "mode": "0644"}]}, "files"),
        ({"files": [{"path": "/a/../b", "content": "", "mode": "0644"}]}, "files"),
        ({"files": [{"path": "/a\0", "content": "", "mode": "0644"}]}, "files"),
        ({"files": [{"path": "/a", "content": "", "mode": "420"}]}, "files: mode"),
        ({"files": [{"path": "/a", "content": "", "mode": "4755"}]}, "files: mode"),
        ({"files": [{"path": "/a", "content": "", "mode": "0644"}] * 2}, "files"),
        ({"files": [{"path": p, "content": "", "mode": "0644"} for p in ("/a/b", "/a")]}, "files"),
        ({"files": [{"path": "/git", "content": "", "mode": "0644"}]}, "files"),
        ({"files": [{"path": "/", "content": "", "mode": "0644"}]}, "files"),
        ({"files": [{"path": "/srv", "content": "", "mode": "0644"}], "working_dir": "/srv/x"}, "files"),
        ({"files": [{"path": "/etc/x", "content": "", "mode": "0644"}], "read_only": True}, "files"),
        ({"working_dir": "git"}, "working_dir"),
        ({"working_dir": "/"}, "working_dir"),
        ({"working_dir": "//"}, "working_dir"),
        ({"working_dir": "/git/.."}, "working_dir"),
        ({"env": {"A B": "x"}}, "env"),
        ({"env": {"1A": "x"}}, "env"),
        ({"env": {"": "x"}}, "env"),
        ({"env": {"A=B": "x"}}, "env"),
        ({"env": {"A": True}}, "env"),
        ({"env": {"A": None}}, "env"),
        ({"env": {"A": 1.5}}, "env"),
        ({"env": {"A": ["x"]}}, "env"),
        ({"env": {"A": "x\0y"}}, "env"),
        ({"secret_env": {"A B": "x"}}, "secret_env"),
        ({"secret_env": {"A": "x\0y"}}, "secret_env"),
        ({"env": {"A": "x"}, "secret_env": {"A": "y"}}, "secret_env"),
        ({"registry_username": "x"}, "registry_username"),
        ({"registry_password": "x"}, "registry_username"),
        *(
            ({"network_mode": mode}, "network_mode")
            for mode in ("host", "default", "container:x", "a b", "", "-x", "ns:x")
        ),
        *(({"user": user}, "user") for user in ("a b", ":1", "a:", "a:b:c", "a/b", "-1")),
        ({"memory": "much"}, "memory"),
        ({"memory": "0"}, "memory"),
        ({"cpus": 0.0}, "cpus"),
        ({"cpus": -1.0}, "cpus"),
        ({"pids_limit": 0}, "pids_limit"),
        ({"pids_limit": -1}, "pids_limit"),
        *(({"cap_add": [name]}, "cap_add") for name in ("ALL", "all", "CAP_ALL", "", "A B", "1")),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": "0"}, "timeout"),
        ({"max_output": "0"}, "max_output"),
        ({"max_output": "-1"}, "max_output"),
        *(({"docker_host": host}, "docker_host") for host in ("ssh://x", "unix://x", "/run/x", "http://x", "fd://")),
        ({"docker_host": "unix:///x", "tls_ca_cert": "/ca"}, "docker_host"),
        ({"docker_host": "tcp://x", "tls_client_cert": "/c"}, "tls_client_cert"),
        ({"docker_host": "tcp://x", "tls_client_key": "/c"}, "tls_client_cert"),
    ],
)
def test_each_error_is_one_sentence_that_names_the_option(options: dict[str, Any], option: str) -> None:
    with pytest.raises(Failure) as raised:
        _request(**options)
    message = str(raised.value)
    assert message.startswith((f"{option}: ", f"{option} "))
    assert message.endswith(".")
    assert "\n" not in message


def test_no_error_repeats_a_secret() -> None:
    for options in (
        {"secret_env": {"A": "geheim\0"}},
        {"secret_env": {"A": ["geheim"]}},
        {"registry_password": "geheim"},
    ):
        with pytest.raises(Failure) as raised:
            _request(**options)
        assert "geheim" not in str(raised.value)
    assert "geheim" not in repr(_request(secret_env={"A": "geheim"}, registry_username="x", registry_password="geheim"))


def test_remove_needs_the_name_only() -> None:
    request = Request.from_params({**DEFAULTS, "name": "name", "action": "remove"}, check_mode=True)
    assert request == Request(action="remove", name="name", check_mode=True)


def test_r14_an_archive_that_others_could_exchange_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "tree.tar"
    archive.touch()
    archive.chmod(0o666)
    with pytest.raises(Failure, match=rf"^archive: {archive} can be written by others than its owner\.$"):
        _request(archive=str(archive))
    archive.chmod(0o600)
    tmp_path.chmod(0o777)
    with pytest.raises(Failure, match=rf"^archive: {tmp_path} can be written to by others"):
        _request(archive=str(archive))


@pytest.mark.parametrize("text", ["0" * 63, "0" * 65, "G" * 64, "A" * 64, f"{'0' * 64}\n"])
def test_c16_what_is_no_digest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tree.tar").touch()
    with pytest.raises(Failure, match=r"^archive_sha256: .* does not match"):
        _request(archive=str(tmp_path / "tree.tar"), archive_sha256=text)


def test_c16_a_digest_of_no_archive_is_refused() -> None:
    with pytest.raises(Failure, match=r"^archive_sha256: there is no archive that it could be of\.$"):
        _request(archive_sha256="0" * 64)


@pytest.mark.parametrize(
    ("given", "commands"), [("a, b", ("a, b",)), (["a, b", 1, 1.5], ("a, b", "1", "1.5")), ([], ()), (("a",), ("a",))]
)
def test_c21_commands_stay_as_they_are(given: object, commands: tuple[str, ...]) -> None:
    assert _request(action="show", commands=given).commands == commands


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"commands": {"a": 1}}, "commands: it must be a list of texts."),
        ({"commands": None}, "commands: it must be a list of texts."),
        ({"commands": ["true", {"echo a": "b"}]}, "commands: number 2 is not a text; "),
        ({"commands": [True]}, "commands: number 1 is not a text; "),
        ({"files": [{"path": "/a", "content": {"a": 1}, "mode": "0644"}]}, "files: the content of /a is not a text; "),
        ({"files": [{"path": "/a", "content": None, "mode": "0644"}]}, "files: the content of /a is not a text; "),
        ({"env": {"A": {"a": 1}}}, "env: A is neither text nor a whole number; "),
    ],
)
def test_c21_what_ansible_took_apart_is_refused(options: dict[str, Any], refusal: str) -> None:
    with pytest.raises(Failure) as raised:
        _request(**options)
    assert str(raised.value).startswith(refusal)
    assert str(raised.value).endswith(("of texts.", "and where it is a template, let it end in '| string'."))
