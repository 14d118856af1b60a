# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image is the one that was pinned, pulled when it has to be, by whom the task says."""

from __future__ import annotations

import base64
import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import images, registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from ansible_collections.flant.gitops.tests.support.images import Entry, Image
    from ansible_collections.flant.gitops.tests.support.registry import Registry
    from docker import APIClient


@pytest.fixture(scope="module")
def open_registry(engine: Engine) -> Iterator[Registry]:
    with registry.running(engine) as running:
        yield running


@pytest.fixture(scope="module")
def closed_registry(engine: Engine) -> Iterator[Registry]:
    with registry.running(engine, password=True) as running:
        yield running


@pytest.fixture
def forget(client: APIClient, _nothing_left: None) -> Iterator[Callable[[str], None]]:
    """Remove a pulled image from the engine when the test ends."""
    with contextlib.ExitStack() as stack:

        def later(reference: str) -> None:
            stack.callback(lambda: client.remove_image(reference, force=True))

        yield later


def test_an_image_is_pulled_by_its_digest_when_it_is_missing(
    call: Caller, client: APIClient, open_registry: Registry, forget: Callable[[str], None], name: str
) -> None:
    reference = open_registry.push(client, images.busybox(), name)
    run = call.having(image=reference, commands=["echo pulled"])
    would = run(action="prepare", check_mode=True)
    assert would["changed"]
    assert not client.images(reference)
    prepared = run(action="prepare")
    forget(reference)
    assert prepared["changed"]
    assert prepared["image"] == reference
    assert not run(action="prepare")["changed"]
    result = run()
    assert (result["stdout"], result["image_id"]) == ("pulled\n", prepared["image_id"])


def test_a_tag_beside_the_digest_is_words(
    call: Caller, client: APIClient, open_registry: Registry, forget: Callable[[str], None], name: str
) -> None:
    reference = open_registry.push(client, images.busybox(), name)
    result = call("echo pulled", image=reference.replace("@", ":no-such-tag@"))
    forget(reference)
    assert result["stdout"] == "pulled\n"


def test_a_tag_moved_underneath_changes_nothing(
    call: Caller, client: APIClient, open_registry: Registry, forget: Callable[[str], None], name: str
) -> None:
    pinned = open_registry.push(client, images.busybox().with_files(version="one\n"), name, "stable")
    moved = open_registry.push(client, images.busybox().with_files(version="two\n"), name, "stable")
    assert pinned != moved
    result = call("cat /version", image=pinned.replace("@", ":stable@"), pull="always")
    forget(pinned)
    assert result["stdout"] == "one\n"


def test_a_tag_is_only_taken_where_that_was_asked_for(
    call: Caller, client: APIClient, open_registry: Registry, forget: Callable[[str], None], name: str
) -> None:
    reference = open_registry.push(client, images.busybox().with_files(version="one\n"), name, "stable")
    tagged = f"{reference.partition('@')[0]}:stable"
    assert call("true", image=tagged)["msg"] == (
        f"image: {tagged!r} is not pinned, so what runs could change under its name; append @sha256:<digest>."
    )
    run = call.having(image=tagged, require_digest=False, commands=["cat /version"])
    assert run()["stdout"] == "one\n"
    forget(tagged)
    old = run()["image_id"]
    client.tag(old, "kept", name)
    forget(old)
    open_registry.push(client, images.busybox().with_files(version="two\n"), name, "stable")
    client.tag(old, tagged.rpartition(":")[0], "stable")  # which pushing took away
    assert run()["stdout"] == "one\n"
    assert run(action="prepare", pull="always")["changed"]
    assert run()["stdout"] == "two\n"


@pytest.mark.parametrize("pull", ["missing", "always", "never"])
def test_pull_has_three_ways(
    call: Caller, client: APIClient, open_registry: Registry, forget: Callable[[str], None], name: str, pull: str
) -> None:
    reference = open_registry.push(client, images.busybox(), name)
    run = call.having(image=reference, pull=pull, commands=["echo ran"])
    first = run()
    if pull == "never":
        assert first["msg"] == f"image: the engine does not have {reference}, and pull is never."
        return
    forget(reference)
    assert first["stdout"] == "ran\n"
    unreachable = reference.replace(open_registry.address, "127.0.0.1:9")
    client.tag(first["image_id"], unreachable.partition("@")[0], "x")
    forget(f"{unreachable.partition('@')[0]}:x")
    again = run(image=f"{unreachable.partition('@')[0]}:x", require_digest=False)
    assert again["failed"] is (pull == "always")


@pytest.mark.parametrize("action", ["prepare", "run"])
def test_what_is_not_in_the_registry_is_said(
    call: Caller, client: APIClient, open_registry: Registry, name: str, action: str
) -> None:
    reference = open_registry.push(client, images.busybox(), name)
    unknown = f"{reference.partition('@')[0]}@sha256:{'0' * 64}"
    for missing in (unknown, reference.replace(name, "nothing"), f"127.0.0.1:9/x@sha256:{'0' * 64}"):
        message = call("true", image=missing, action=action)["msg"]
        assert message.startswith(f"image: pulling {missing} failed: ")
        assert message.count("\n") == 0


def test_a_password_is_used_where_it_was_given(
    call: Caller, client: APIClient, closed_registry: Registry, forget: Callable[[str], None], name: str
) -> None:
    reference = closed_registry.push(client, images.busybox(), name)
    run = call.having(image=reference, commands=["echo pulled"])
    for login in (
        {},
        {"registry_username": registry.USERNAME, "registry_password": "wrong"},
        {"registry_username": "nobody", "registry_password": registry.PASSWORD},
    ):
        refused = run(**login)
        assert refused["failed"]
        assert "auth" in refused["msg"]
        assert registry.PASSWORD not in refused["msg"]
    right = {"registry_username": registry.USERNAME, "registry_password": registry.PASSWORD}
    assert run(**right)["stdout"] == "pulled\n"
    forget(reference)


def test_c1_the_login_of_the_docker_client_is_not_used(
    call: Caller,
    client: APIClient,
    closed_registry: Registry,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = closed_registry.push(client, images.busybox(), name)
    login = base64.b64encode(f"{registry.USERNAME}:{registry.PASSWORD}".encode()).decode()
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {closed_registry.address: {"auth": login}}}))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG")
    assert call("true", image=reference)["failed"]


@pytest.mark.parametrize(
    "image", ["Busybox", "a b", "x@sha256:123", "x@md5:" + "0" * 32, "sha256:123", "sha256:" + "g" * 64, "-x", "x:"]
)
def test_what_is_no_image_is_refused(call: Caller, image: str) -> None:
    assert call("true", image=image)["msg"].startswith(f"image: {image!r} is no")


def test_an_image_that_is_not_there_by_its_id(call: Caller) -> None:
    missing = f"sha256:{'0' * 64}"
    assert call("true", image=missing)["msg"] == f"image: the engine has no image of the id {missing}."


def test_c12_an_image_without_a_shell(call: Caller, load: Callable[[Image], str]) -> None:
    image = load(images.Image({"bin/true": images.BUSYBOX, "etc/passwd": "root:x:0:0::/:/bin/sh\n"}))
    result = call("true", image=image)
    assert result["msg"] == f"image: {image} has no /bin/sh, which runs the commands."


def test_c12_an_image_for_another_machine(call: Caller, load: Callable[[Image], str]) -> None:
    # A program of another machine, as far as this one can tell.
    foreign = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(100)
    image = load(images.Image({"bin/sh": images.Program(foreign)}, architecture="riscv64"))
    result = call("true", image=image)
    assert result["msg"] == f"image: {image} is made for riscv64, and the engine's machine is amd64."


@pytest.mark.parametrize(
    ("shell", "why"),
    [
        ("#!/bin/true\n", "Permission denied"),  # it lacks the permission
        (images.Program(b"#!/bin/nothing\n"), "No such file or directory"),  # and this one what runs it, as a loader
        (images.Folder(), "Permission denied"),
    ],
    ids=["mode", "loader", "folder"],
)
def test_c22_an_image_whose_shell_cannot_be_run(
    call: Caller, load: Callable[[Image], str], shell: Entry, why: str
) -> None:
    image = load(images.Image({"bin/sh": shell, "etc/passwd": "root:x:0:0::/:/bin/sh\n"}))
    result = call("true", image=image, secret_env={"TOKEN": "s.Geheimnis"})
    assert result["msg"] == f"image: {image} has a /bin/sh that cannot be run: {why}."
    assert result["rc"] != 0


def test_c22_commands_that_talk_like_an_init_lose_nothing(call: Caller) -> None:
    talk = "echo '[FATAL tini (7)] exec /bin/sh failed: it is not so' >&2; echo out"
    assert call(talk)["rc"] == 0
    result = call(talk, "exit 3")
    assert (result["failed"], result["rc"], result["stdout"]) == (True, 3, "out\n")


def test_an_image_of_another_machine_s_name_that_runs_is_fine(call: Caller, load: Callable[[Image], str]) -> None:
    image = load(replace(images.busybox(), architecture="386"))
    assert call("echo runs", image=image)["stdout"] == "runs\n"
    assert call("exit 127", image=image)["rc"] == 127
