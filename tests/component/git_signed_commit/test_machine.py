# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a machine of one's own can show: other owners, full disks, signals, and the daemon's protocol."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.git_server import git_daemon
from ansible_collections.flant.gitops.tests.support.signed_commit import COLLECTIONS, MODULE, contents
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.git_server import HttpServer
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

SOMEBODY = 65534


def test_the_whole_way_by_the_daemons_protocol(task: Task, served: Path, signers: Signers) -> None:
    with git_daemon(served) as url:
        last = ""
        for number in range(3):
            commit = task.upstream.commit({"file": b"%d" % number}, signer=signers.alice)
            params = {
                "repo": f"{url}/up.git",
                "required_signatures": 1,
                "trusted_keys": [signers.alice.public_key],
                "archive": task.archive,
            }
            assert task.process(**params, last_commit=last) == commit
            assert contents(task.archive) == {"file": b"%d" % number}
            last = commit


@pytest.mark.parametrize("form", ["{path}", "{path}/", "file://{path}"])
@pytest.mark.parametrize("kind", ["bare", "with a work tree", "through a link"])
def test_t5_a_local_repository_of_another_owner_is_read(task: Task, form: str, kind: str) -> None:
    commit = task.upstream.commit({"file": b"x"})
    path = task.upstream.path
    if kind == "with a work tree":
        path = path.rename(path.with_name("up") / ".git") if path.with_name("up").mkdir() else path
        path = path.parent if path.name == ".git" else path
    if kind == "through a link":
        path.with_name("link.git").symlink_to(path)
        path = path.with_name("link.git")
    subprocess.run(["chown", "-R", f"{SOMEBODY}:{SOMEBODY}", str(task.upstream.path.parent)], check=True)
    assert task.poll(repo=form.format(path=path), archive=task.archive).commit == commit
    assert contents(task.archive) == {"file": b"x"}


def test_t4_a_folder_of_another_owner_is_refused_and_nothing_in_it_runs(task: Task, tmp_path: Path) -> None:
    task.upstream.commit()
    task.poll()
    ran = tmp_path / "ran"
    task.cache.git("config", "core.sshCommand", f"touch {ran}")
    os.chown(task.git_dir, SOMEBODY, SOMEBODY)
    with pytest.raises(Failure, match=r"^git_dir: .* belongs to another user"):
        task.poll()
    assert not ran.exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("full", ["archive", "git_dir"])
def test_t11_a_full_disk_leaves_nothing_half_made(task: Task, small_disk: Path, full: str) -> None:
    small = task.upstream.commit({"file": b"small"})
    where = {"archive": task.archive, "git_dir": task.git_dir, full: small_disk / full}
    task.poll(**where)
    task.upstream.commit({"file": os.urandom(4 << 20)})
    with pytest.raises(Failure, match="No space left on device" if full == "archive" else "(?i)no space|index-pack"):
        task.poll(**where)
    left = [file.name for file in small_disk.rglob("*") if "tmp_" in file.name or file.suffix in {".part", ".lock"}]
    assert left == []
    task.upstream.point("refs/heads/main", small)
    assert task.poll(**where).commit == small


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_the_midst_of_a_transfer_leaves_nothing(
    task: Task, https: HttpServer, ca_file: Path, number: signal.Signals
) -> None:
    task.upstream.commit({"file": b"x"})
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": str(ca_file), "git_dir": str(task.git_dir)}
    task.poll(**params)
    https.behaviour.stall = threading.Event()
    seen = len(https.requests)
    with subprocess.Popen(
        [sys.executable, str(MODULE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
    ) as module:
        module.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode())
        module.stdin.close()
        until(lambda: len(https.requests) > seen, during=module)
        module.send_signal(number)
        output = module.stdout.read()
        errors = module.stderr.read()
    result = json.loads(output)
    assert result["failed"]
    assert number.name in result["msg"]
    assert errors == b""
    assert task.running() == []
    assert task.leftovers() == []
    https.behaviour.stall.set()
    https.behaviour.stall = None
    assert task.poll(**params).changed


def test_t2_a_password_in_the_url_is_shown_nowhere(task: Task) -> None:
    params = {"repo": "https://user:s3cret@example.org/a.git", "git_dir": str(task.git_dir)}
    ran = subprocess.run(
        [sys.executable, str(MODULE)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**params, "_ansible_verbosity": 4}}).encode(),
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        check=False,
    )
    assert json.loads(ran.stdout)["msg"].startswith("repo: the URL must not hold a password")
    assert b"s3cret" not in ran.stdout + ran.stderr
    assert not task.git_dir.exists()
