# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of the host goes in, nothing of the image acts, and nobody inside gets more than was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.tests.support import images
from ansible_collections.flant.gitops.tests.support.container_call import finished
from ansible_collections.flant.gitops.tests.support.images import Folder, Link
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from ansible_collections.flant.gitops.tests.support.images import Image
    from docker import APIClient


@pytest.fixture
def inspected(call: Caller, client: APIClient, name: str) -> Iterator[Callable[..., dict[str, Any]]]:
    """Start a run and return how the engine describes its container while it runs."""
    started = []

    def inspect(**options: object) -> dict[str, Any]:
        started.append(call.start("sleep 60", **options))
        until(lambda: client.containers(filters={"name": name, "status": "running"}))
        described: dict[str, Any] = client.inspect_container(name)
        return described

    yield inspect
    call(action="remove")
    for process in started:
        assert finished(process)["failed"]


def test_a_running_container_is_sealed(
    inspected: Callable[..., dict[str, Any]], engine: Engine, archive: Callable[..., Path]
) -> None:
    described = inspected(archive=archive(("file", "x")))
    host, config = described["HostConfig"], described["Config"]
    (mount,) = described["Mounts"]
    assert (mount["Type"], mount["Destination"], mount["RW"]) == ("volume", "/git", True)
    if not engine.is_podman:  # where it is the volume
        assert not host["Binds"]
    assert not host["CapAdd"]
    assert set(host["CapDrop"]) >= ({"ALL"} if not engine.is_podman else {"CHOWN", "SETUID"})
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Init"] is True
    assert host["PidsLimit"] == 1024
    assert host["Privileged"] is False
    assert host["NetworkMode"] in ("bridge", "default")
    assert host["PidMode"] in ("", "private")
    assert host["IpcMode"] in ("private", "shareable")
    assert not host["Devices"]
    assert not host["PortBindings"]
    assert host["RestartPolicy"]["Name"] in ("", "no")
    assert host["AutoRemove"] is False
    assert config["Tty"] is False
    assert config["OpenStdin"] is False


def test_c6_the_log_is_bounded(inspected: Callable[..., dict[str, Any]], engine: Engine) -> None:
    log = inspected(max_output="2 MiB")["HostConfig"]["LogConfig"]
    if engine.is_podman:
        assert log["Type"] == "json-file"  # which is what Podman calls k8s-file here
    else:
        assert log["Type"] == "local"
        assert log["Config"] == {"max-size": "2097152", "max-file": "2", "compress": "false"}


def test_limits_are_set(inspected: Callable[..., dict[str, Any]]) -> None:
    host = inspected(memory="64m", cpus=0.5, pids_limit=20, read_only=True, network_mode="none")["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 64 << 20
    assert host["NanoCpus"] == 500_000_000
    assert host["PidsLimit"] == 20
    assert host["ReadonlyRootfs"] is True
    assert host["NetworkMode"] == "none"


_PROXY = {"httpProxy": "http://user:secret@127.0.0.1:9", "noProxy": "leak"}


def test_c1_nothing_of_the_docker_client_configuration_acts(
    call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = {
        "auths": {"registry.example.test": "no login, which stops a client that reads this"},
        "proxies": {"default": _PROXY},
        "HttpHeaders": {"X-Leak": "leak"},
        "credsStore": "there-is-none-of-this-name",
        "currentContext": "leak",
    }
    for folder in (tmp_path, tmp_path / ".docker"):
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(configuration))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "leak")
    monkeypatch.setenv("FROM_HOST", "leak")
    result = call("env")
    assert result["rc"] == 0
    assert "proxy" not in result["stdout"].lower()
    assert "leak" not in result["stdout"]


def test_the_environment_is_what_the_image_and_the_task_say(call: Caller, engine: Engine) -> None:
    result = call("env", env={"GIVEN": "1"}, secret_env={"TOKEN": "s.abcdef"})
    names = {line.partition("=")[0] for line in result["stdout_lines"]}
    of_podman = {"container", "TERM"} if engine.is_podman else set()
    assert names - of_podman == {"GIVEN", "TOKEN", "PATH", "HOSTNAME", "HOME", "PWD", "SHLVL"}


def _hostile() -> Image:
    return images.busybox().with_files(
        git=Folder(0o700),
        git__planted="planted",
        **{"git__.profile": "echo profile", "etc__profile": "echo profile", "data__old": "old"},
    )


_HOSTILE_CONFIG: dict[str, object] = {
    "Entrypoint": ["/bin/echo", "hostile"],
    "Cmd": ["hostile"],
    "Volumes": {"/git": {}, "/data": {}},
    "Healthcheck": {"Test": ["CMD-SHELL", "touch /git/healthcheck"], "Interval": 1_000_000_000, "Retries": 1},
    "WorkingDir": "/tmp",
    "Env": ["PATH=/bin", "VAULT_ADDR=http://evil", "VAULT_SKIP_VERIFY=1", "BAO_TOKEN=evil", "ENV=/etc/profile"],
    "Labels": {"com.flant.gitops.digest": "forged", "com.flant.gitops.secret_env": '["PATH"]'},
    "StopSignal": "SIGUSR1",
    "ExposedPorts": {"80/tcp": {}},
    "OnBuild": ["RUN hostile"],
}


@pytest.mark.parametrize("user", ["", "worker", "4321:1"])
@pytest.mark.parametrize("members", [[], [("file", "tree\n")]])
def test_c2_an_image_cannot_change_what_the_commands_see(
    call: Caller,
    load: Callable[[Image], str],
    archive: Callable[..., Path],
    engine: Engine,
    user: str,
    members: list[tuple[str, str]],
) -> None:
    hostile = load(_hostile().with_config(**_HOSTILE_CONFIG, User=user))
    result = call(
        "find . -type f; pwd; test -w . && echo writable; sleep 2; find . -name healthcheck",
        "env | grep -e VAULT -e BAO | sort",
        image=hostile,
        archive=archive(*members),
        env={"VAULT_ADDR": "https://right"},
    )
    emptied = ["BAO_TOKEN=", "VAULT_ADDR=https://right", "VAULT_SKIP_VERIFY="]
    variables = emptied if engine.is_podman else ["VAULT_ADDR=https://right"]
    assert result["stdout_lines"] == [*("./file" for _member in members), "/git", "writable", *variables]
    assert result["stderr"] == ""


def test_c2_an_image_fills_no_volume_even_without_an_archive(call: Caller, load: Callable[[Image], str]) -> None:
    result = call("find . -type f; echo done", image=load(_hostile().with_config(**_HOSTILE_CONFIG)))
    assert result["stdout"] == "done\n"


@pytest.mark.parametrize("path", ["/git/sub", "/git/sub/", "/git/../git/sub", "//git/sub"])
def test_c2_a_volume_of_the_image_inside_the_tree_is_refused(
    call: Caller, load: Callable[[Image], str], path: str
) -> None:
    image = load(images.busybox().with_config(Volumes={path: {}}))
    for action in ("prepare", "run"):
        assert "image: it declares a volume at" in call("true", image=image, action=action)["msg"]


@pytest.mark.contract
@pytest.mark.parametrize("user", ["", "worker"])
def test_c2_a_working_dir_that_the_image_makes_a_link_does_not_lead_elsewhere(
    call: Caller, load: Callable[[Image], str], archive: Callable[..., Path], engine: Engine, user: str
) -> None:
    image = load(images.busybox().with_files(git=Link("/etc")))
    tree = archive(("passwd", "of the tree\n"))
    result = call("cat passwd; head -n 1 /etc/passwd", image=image, archive=tree, user=user)
    if engine.is_podman:  # where a folder takes the link's place
        assert result["stdout"] == "of the tree\nroot:x:0:0:root:/root:/bin/sh\n"
    else:
        assert result["msg"] == "working_dir: /git is a link to /etc in the image; name a folder."


@pytest.mark.contract
@pytest.mark.parametrize("target", ["/data/loop", "../data/sub"])
@pytest.mark.parametrize("user", ["", "worker"])
def test_c13_a_working_dir_below_a_link_of_the_image_is_filled(
    call: Caller, load: Callable[[Image], str], archive: Callable[..., Path], user: str, target: str
) -> None:
    folders = {"data": Folder(), "data__sub": Folder(), "data__loop": Link("/data/sub"), "srv": Link(target)}
    result = call(
        "cat file .extra/ca; touch new; stat -c %u . file new | sort -u",
        image=load(images.busybox().with_files(**folders)),
        working_dir="/srv/tree",
        archive=archive(("file", "tree\n")),
        files=[{"path": "/srv/tree/.extra/ca", "content": "ca\n"}],
        user=user,
    )
    assert result["stdout_lines"] == ["tree", "ca", "1234" if user else "0"]


@pytest.mark.contract
@pytest.mark.parametrize("user", ["", "worker"])
@pytest.mark.parametrize("read_only", [False, True])
def test_c13_a_working_dir_that_the_image_does_not_have_is_made(
    call: Caller, archive: Callable[..., Path], user: str, *, read_only: bool
) -> None:
    run = call.having(working_dir="/a/b/c", user=user, read_only=read_only)
    assert run("cat file; touch new; ls", archive=archive(("file", "tree\n")))["stdout"] == "tree\nfile\nnew\n"
    assert run("touch new; ls")["stdout"] == "new\n"


@pytest.mark.contract
@pytest.mark.parametrize("folder", ["new", "old", "link", "relative"])
def test_c13_a_file_goes_through_folders_and_links_of_the_image(
    call: Caller, load: Callable[[Image], str], folder: str
) -> None:
    image = load(images.busybox().with_files(old=Folder(), link=Link("/old"), relative=Link("old")))
    path = f"/{folder}/deep/ca"
    result = call(f"cat {path}; stat -c %u /{folder}/. {path}", image=image, files=[{"path": path, "content": "ca\n"}])
    assert result["stdout"] == "ca\n0\n0\n"


def test_an_image_made_by_root_runs_as_its_user(call: Caller, load: Callable[[Image], str]) -> None:
    image = load(images.busybox().with_config(User="worker:others"))
    assert call("id -u; id -g", image=image)["stdout"] == "1234\n3456\n"


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        ("worker", "1234:2345"),
        ("1234", "1234:2345"),
        ("worker:others", "1234:3456"),
        ("worker:7", "1234:7"),
        ("4321:1", "4321:1"),
        ("4321", "4321:0"),
        ("4321:others", "4321:3456"),
        ("root", "0:0"),
        ("0", "0:0"),
    ],
)
def test_the_tree_belongs_to_the_user(
    call: Caller, archive: Callable[..., Path], user: str, ids: str, engine: Engine
) -> None:
    result = call(
        "echo $(id -u):$(id -g)",
        "stat -c %u:%g . dir dir/file implied .extra .extra/ca.crt /etc/extra",
        "touch new dir/new implied/new .extra/new",
        archive=archive(("dir", {"type": b"5", "mode": 0o755, "uid": 77}), ("dir/file", "x"), ("implied/file", "x")),
        files=[{"path": "/git/.extra/ca.crt", "content": "x"}, {"path": "/etc/extra", "content": "x"}],
        user=user,
    )
    assert not result["failed"], result["msg"]
    assert result["stdout_lines"] == [ids] * 8, engine


@pytest.mark.parametrize("user", ["worker", "1234", "4321:others"])
def test_accounts_behind_a_link_are_found(call: Caller, load: Callable[[Image], str], user: str) -> None:
    """As in images that Nix builds."""
    tables = {f"store__{name}": images.busybox().files[f"etc/{name}"] for name in ("passwd", "group")}
    links = {f"etc__{name}": Link(f"../store/{name}") for name in ("passwd", "group")}
    image = load(images.busybox().with_files(**links, **tables))
    result = call("id -u; id -g; stat -c '%u\n%g' .", image=image, user=user)
    ids = ["4321", "3456"] if user == "4321:others" else ["1234", "2345"]
    assert result["stdout_lines"] == ids * 2


def test_c18_accounts_that_are_no_file_are_refused_and_not_read(call: Caller, load: Callable[[Image], str]) -> None:
    vast = {f"etc__passwd__{number}": images.Program(bytes(8 << 20)) for number in range(4)}
    files = {name: entry for name, entry in images.busybox().files.items() if name != "etc/passwd"}
    image = load(images.Image(files).with_files(etc__passwd=Folder(), **vast))
    assert call("true", image=image, user="worker")["msg"] == "image: its /etc/passwd is not a file."


def test_c18_an_image_with_a_vast_table_of_accounts_is_refused(call: Caller, load: Callable[[Image], str]) -> None:
    vast = images.Program(b"worker:x:1234:2345::/home:/bin/sh\n" + bytes(17 << 20))
    result = call("true", image=load(images.busybox().with_files(etc__passwd=vast)), user="worker")
    assert "/etc/passwd has more than 16777216 bytes" in result["msg"]


def test_the_empty_tree_belongs_to_the_user_too(call: Caller) -> None:
    assert call("stat -c '%u:%g %a' .; touch new", user="worker")["stdout"] == "1234:2345 755\n"


@pytest.mark.parametrize("user", ["stranger", "worker:strangers", "4321:strangers"])
def test_an_unknown_user_is_refused(call: Caller, user: str) -> None:
    message = call("true", user=user)["msg"]
    assert "strange" in message
    assert "user" in message


def test_no_capability_and_no_way_to_get_one(call: Caller, load: Callable[[Image], str]) -> None:
    image = load(images.busybox().with_files(bin__su=images.BUSYBOX))
    result = call(
        "grep -e CapEff -e CapBnd -e NoNewPrivs /proc/self/status",
        "mount -t tmpfs x /tmp 2>/dev/null || echo no mount",
        "mknod /tmp/disk b 254 0 2>/dev/null || echo no device",
        "chown 1 /tmp 2>/dev/null || echo no chown",
        image=image,
    )
    assert result["stdout_lines"] == [
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "NoNewPrivs:\t1",
        "no mount",
        "no device",
        "no chown",
    ]


def test_a_capability_can_be_given_back(call: Caller) -> None:
    assert call("chown 1 /tmp; stat -c %u /tmp", cap_add=["CAP_CHOWN"])["stdout"] == "1\n"


@pytest.mark.contract
def test_a_read_only_root_leaves_the_tree_writable(call: Caller, archive: Callable[..., Path]) -> None:
    result = call(
        "cat file .extra/ca; echo more >> file; cat file; touch /bin/x 2>/dev/null || echo read-only",
        archive=archive(("file", "tree\n")),
        files=[{"path": "/git/.extra/ca", "content": "ca\n"}],
        user="worker",
        read_only=True,
    )
    assert result["stdout"] == "tree\nca\ntree\nmore\nread-only\n"


def test_network_none_has_loopback_only(call: Caller) -> None:
    assert call("ip -o link | cut -d: -f2", network_mode="none")["stdout"] == " lo\n"


def test_a_network_of_ones_own(call: Caller, client: APIClient, name: str) -> None:
    missing = call("true", network_mode=name)
    assert missing["msg"] == f"network_mode: the engine has no network named {name}."
    network = client.create_network(name)["Id"]
    try:
        assert call("ip -o -4 addr show eth0 | wc -l", network_mode=name)["stdout"] == "1\n"
        assert "no network named" in call("true", network_mode=network[:12])["msg"]
    finally:
        client.remove_network(network)


@pytest.mark.parametrize(
    "mode", ["host", "container:abc", "ns:/proc/1/ns/net", "default", "slirp4netns", "pasta", "", "-x"]
)
def test_any_other_network_is_refused(call: Caller, mode: str) -> None:
    assert call("true", network_mode=mode)["msg"].startswith(f"network_mode: {mode!r} is refused")


LIMITED = {"memory": "16m", "cpus": 0.5, "pids_limit": 20, "network_mode": "none"}


@pytest.mark.engines("rootless_podman")
def test_c14_limits_that_the_engine_drops_are_refused_before_the_tree_goes_in(
    call: Caller, archive: Callable[..., Path]
) -> None:
    refused = call("echo ran", archive=archive(("file", "x")), accept_missing=[], **LIMITED)
    assert refused["failed"]
    assert refused["msg"] == (
        "pids_limit, memory, cpus: the engine does not apply the limit, as rootless Podman without control groups of "
        "version 2; name it in accept_missing to run the commands without it."
    )
    assert "stdout" not in refused
    assert call("true", accept_missing=["memory", "cpus"], **LIMITED)["msg"].startswith("pids_limit: ")


@pytest.mark.engines("rootless_podman")
def test_c14_commands_run_without_limits_that_need_not_be_and_a_warning_tells_of_each(call: Caller) -> None:
    ran = call("echo ran", accept_missing=["pids_limit", "memory", "memory_swap", "cpus"], **LIMITED)
    assert (ran["failed"], ran["stdout"]) == (False, "ran\n")
    assert [warning.partition(": the engine does not")[0] for warning in ran["warnings"]] == [
        "pids_limit",
        "memory",
        "cpus",
    ]


@pytest.mark.engines("podman_with_variables")
def test_c15_variables_of_the_engines_own_configuration_are_refused_by_name(call: Caller) -> None:
    refused = call("env", env={"GIVEN": "x"})
    assert refused["failed"]
    assert refused["msg"] == (
        "docker_host: the engine did not make the container as it was asked to: "
        "it has variables of the engine's own configuration: PROXY."
    )
    assert call("true", env={"PROXY": "ours"})["failed"] is False
