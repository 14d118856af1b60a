# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests: kustomize itself builds them, and they hold against the schemas of several versions of Kubernetes.

No cluster runs here. What the containers do is tried as far as it does not need one.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ansible_collections.flant.gitops.tests.support.environment import clean

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/kubernetes"
VERSIONS = ("1.33", "1.35", "1.37")  # user namespaces are on without asking since 1.33


@pytest.fixture(scope="module")
def manifests() -> dict[str, dict[str, Any]]:
    """What kustomize makes of the example, by kind and name without the suffix of generated names.

    kustomize comes as a library in PyPI's pykustomize, which is found where KUSTOMIZE says; noxfile.py sets it.
    """
    sys.path.append(os.environ["KUSTOMIZE"])
    import pykustomize  # noqa: PLC0415 -- it is not where other libraries are

    built = asyncio.run(pykustomize.build_json(EXAMPLE))
    return {
        f"{each['kind']} {re.sub('-[a-z0-9]{10}$', '', each['metadata']['name'])}": each for each in built.resources
    }


@pytest.fixture(scope="module")
def pod(manifests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return manifests["CronJob flant-gitops"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def containers(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in [*pod["initContainers"], *pod["containers"]]}


@pytest.mark.parametrize("version", VERSIONS)
def test_manifests_hold_against_the_schemas(manifests: dict[str, dict[str, Any]], version: str) -> None:
    for manifest in manifests.values():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_everything_is_there_in_one_namespace(manifests: dict[str, dict[str, Any]]) -> None:
    assert sorted(manifests) == [
        "ConfigMap flant-gitops",
        "ConfigMap flant-gitops-engine",
        "CronJob flant-gitops",
        "Namespace flant-gitops",
        "NetworkPolicy flant-gitops",
        "PersistentVolumeClaim flant-gitops-state",
        "ServiceAccount flant-gitops",
    ]
    others = [each for name, each in manifests.items() if not name.startswith("Namespace")]
    assert {each["metadata"]["namespace"] for each in others} == {"flant-gitops"}


def test_runs_never_overlap_and_never_last_forever(manifests: dict[str, dict[str, Any]]) -> None:
    spec = manifests["CronJob flant-gitops"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] <= 7200
    assert manifests["PersistentVolumeClaim flant-gitops-state"]["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_the_only_token_of_the_account_is_for_vault_and_the_playbook_alone(
    pod: dict[str, Any], manifests: dict[str, dict[str, Any]]
) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert manifests["ServiceAccount flant-gitops"]["automountServiceAccountToken"] is False
    (token,) = (volume for volume in pod["volumes"] if "projected" in volume)
    assert token["projected"]["defaultMode"] == 0o400  # or the module would refuse it
    assert "fsGroup" not in pod.get("securityContext", {})  # likewise
    (source,) = token["projected"]["sources"]
    assert source == {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 3600}}
    for name, container in containers(pod).items():
        places = [each["mountPath"] for each in container.get("volumeMounts", []) if each["name"] == token["name"]]
        assert places == (["/var/run/secrets/vault"] if name == "ansible-pull" else [])


def test_nothing_of_the_node_goes_in(pod: dict[str, Any]) -> None:
    assert pod["hostUsers"] is False
    assert not any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    assert {kind for volume in pod["volumes"] for kind in volume} == {
        *("name", "emptyDir", "persistentVolumeClaim", "configMap", "secret", "projected")
    }


def test_only_the_engine_is_privileged_and_nothing_starts_before_the_guard(pod: dict[str, Any]) -> None:
    assert [each["name"] for each in pod["initContainers"]] == ["guard", "engine"]
    for name, container in containers(pod).items():
        context = container["securityContext"]
        if name == "engine":
            assert context == {"privileged": True}
            continue
        assert "privileged" not in context
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_every_container_has_limits(pod: dict[str, Any]) -> None:
    for container in containers(pod).values():
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
        assert container["resources"]["limits"].keys() >= {"cpu", "memory"}


def test_secrets_go_to_the_playbook_alone(pod: dict[str, Any]) -> None:
    for name, container in containers(pod).items():
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        assert ("secrets" in mounted) == (name == "ansible-pull")
        assert ("state" in mounted) == (name == "ansible-pull")


def test_guard_refuses_a_pod_without_a_user_namespace(pod: dict[str, Any]) -> None:
    guard = containers(pod)["guard"]["command"]
    refused = subprocess.run(guard, env=clean(), capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stdout.startswith("hostUsers: ")
    # An unprivileged user's namespace stands for that of a pod: root in it is not root outside.
    inside = ["setpriv", "--reuid=65534", "--clear-groups", "unshare", "--user", "--map-root-user", *guard]
    assert subprocess.run(inside, env=clean(), check=False).returncode == 0


def test_command_finds_its_settings_and_clears_the_locks_of_a_killed_run(
    pod: dict[str, Any], manifests: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """Run the container's command here, in a folder of its own, with a script that stands in for ansible-pull."""
    container = containers(pod)["ansible-pull"]
    settings = manifests["ConfigMap flant-gitops"]["data"]
    state, stand_in = tmp_path / "state", tmp_path / "bin/ansible-pull"
    lock = state / "default/checkout/.git/index.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    stand_in.parent.mkdir()
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    stand_in.chmod(0o755)
    command = [argument.replace("/var/lib/flant_gitops", str(state)) for argument in container["command"]]
    environment = {**clean(), **settings, "PATH": f"{stand_in.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        f"--url={settings['PULL_URL']}",
        f"--checkout={settings['PULL_BRANCH']}",
        f"--directory={state}/default/checkout",
        "--clean",
        "--inventory=inventory.yml",
        "--extra-vars=@/etc/flant_gitops/secrets.yml",
        "local.yml",
    ]
    assert not lock.exists()


def test_podman_takes_the_engines_configuration(manifests: dict[str, dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory(prefix="flant-") as folder:  # podman wants short paths
        configuration = Path(folder, "containers.conf")
        configuration.write_text(
            manifests["ConfigMap flant-gitops-engine"]["data"]["containers.conf"], encoding="utf-8"
        )
        told = subprocess.run(
            [
                *("podman", f"--root={folder}/root", f"--runroot={folder}/run", "--storage-driver=vfs"),
                *("info", "--format={{.Host.CgroupManager}}"),
            ],
            env={**clean(), "CONTAINERS_CONF": str(configuration), "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.stdout == "cgroupfs\n", told.stderr
    assert told.stderr == ""


def test_bootstrap_creates_the_secret_before_the_schedule_and_runs_once(tmp_path: Path) -> None:
    """Run the script with one that stands in for kubectl and keeps what it was asked for."""
    kubectl, log, secrets = tmp_path / "kubectl", tmp_path / "log", tmp_path / "secrets.yml"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >> {log}\n', encoding="utf-8")
    kubectl.chmod(0o755)
    secrets.write_text("{}\n", encoding="utf-8")
    environment = {**clean(), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ran = subprocess.run([EXAMPLE / "bootstrap", secrets], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    asked = log.read_text(encoding="utf-8")
    order = [
        *(
            "namespace.yaml",
            f"create secret generic flant-gitops --from-file=secrets.yml={secrets}",
            "apply --kustomize=",
        ),
        *("--from=cronjob/flant-gitops", "--container=ansible-pull --follow", "--for=condition=Complete"),
    ]
    places = [asked.index(words) for words in order]
    assert places == sorted(places)
    usage = subprocess.run([EXAMPLE / "bootstrap"], env=environment, capture_output=True, text=True, check=False)
    assert usage.returncode == 2
    assert shutil.which("kubectl", path=environment["PATH"]) == str(kubectl)
