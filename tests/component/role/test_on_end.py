# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's own tasks are called when there is something to tell, and change nothing whatever becomes of them."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site
    from ansible_collections.flant.gitops.tests.support.soak import Long

NOTE = {
    "name": "Write down what was told",
    "ansible.builtin.copy": {
        "content": "{{ flant_gitops_event | to_json }}",
        "dest": "{{ flant_gitops_work_dir }}/../told/{{ now(utc=true, fmt='%s%f') }}",
        "mode": "0600",
    },
}


def call(site: Site, *tasks: dict[str, object]) -> None:
    """Have ``site`` call ``tasks`` at the end."""
    file = site.folder / "on_end.yml"
    file.write_text(json.dumps(tasks), encoding="utf-8")
    (site.folder / "told").mkdir(exist_ok=True)
    site.variables["on_end"] = str(file)


def told(site: Site) -> list[dict[str, object]]:
    """Return the events, oldest first."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((site.folder / "told").iterdir())]


def test_once_a_run_and_once_a_change_of_status(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    call(site, NOTE)
    site.variables["git_on_insufficient_signatures"] = "wait"
    commit = upstream.commit("one", "First")
    assert [site.run().status for _run in range(2)] == ["awaiting_signatures"] * 2
    (waiting,) = told(site)
    assert {**waiting, "detail": ""} == {
        "status": "awaiting_signatures",
        "previous_status": "",
        "reason": "awaiting_signatures",
        "detail": "",
        "instance": "default",
        "host": site.host,
        "commit": commit,
        "signers": [],
        "rc": None,
        "started_at": "",
        "finished_at": "",
    }
    assert "carries 0 of 1" in str(waiting["detail"])
    upstream.sign(commit, signers.alice)
    assert site.run().status == "processed"
    assert [site.run().status for _run in range(2)] == ["unchanged"] * 2
    _waiting, ran = told(site)
    assert {name: ran[name] for name in ("status", "previous_status", "reason", "commit", "signers", "rc")} == {
        "status": "processed",
        "previous_status": "awaiting_signatures",
        "reason": "processed",
        "commit": commit,
        "signers": ["alice"],
        "rc": 0,
    }
    assert ran["finished_at"] == site.facts["default"]["last_run"]["finished_at"]
    assert containers.started(site) == 1


def test_each_failed_run_is_told_and_a_failed_poll_once(site: Site, upstream: Upstream, signers: Signers) -> None:
    call(site, NOTE)
    site.variables["commands"] = ["false"]
    upstream.commit("one", "First", signers.alice)
    assert [site.run().rc for _run in range(2)] == [2, 2]
    upstream.folder.rename(upstream.folder.with_name("out of reach"))
    assert site.run("--check").status == "failed"
    assert site.run().rc == 2
    upstream.folder.with_name("out of reach").rename(upstream.folder)
    assert [(event["reason"], event["previous_status"], event["rc"]) for event in told(site)] == [
        ("rc", "", 1),
        ("rc", "failed", 1),
    ]


@pytest.mark.soak
def test_quiet_polls_tell_nothing(site: Site, upstream: Upstream, long: Long) -> None:
    call(site, NOTE)
    site.variables["initial_last_successful_commit"] = upstream.commit("one", "First")
    for _poll in range(long.times(50)):
        quiet = site.run()
        assert (quiet.rc, quiet.status) == (0, "unchanged"), quiet.output
        assert "on_end" not in quiet.output
    assert told(site) == []


FAILS = {"name": "Fail", "ansible.builtin.fail": {"msg": "The chat is down."}}
IS_OUT_OF_REACH = {
    "name": "Connect to nobody",
    "ansible.builtin.ping": None,
    "vars": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9},
}
HANGS = {"name": "Hang", "ansible.builtin.command": "sleep 100"}
INSISTS = {"name": "Insist", "ansible.builtin.fail": {"msg": "I insist."}, "ignore_errors": False}


@pytest.mark.parametrize(("command", "rc", "status"), [("true", 0, "processed"), ("false", 2, "failed")])
def test_what_becomes_of_the_tasks_changes_neither_rc_nor_facts(
    command: str, rc: int, status: str, site: Site, upstream: Upstream, signers: Signers
) -> None:
    call(site, FAILS, IS_OUT_OF_REACH, HANGS, {**NOTE, "timeout": 120}, INSISTS)
    site.variables["commands"] = [command]
    commit = upstream.commit("one", "First", signers.alice)
    ran = site.run(environment={"SABOTEUR_HURRIES": "yes"})
    assert (ran.rc, ran.status) == (rc, status), ran.output
    assert ran.recap["unreachable"] == 0
    assert ran.recap["failed"] == (1 if rc else 0)
    for words in (
        "The chat is down.",
        "UNREACHABLE!",
        r"Timed out after 3 second|expected time frame \(3\)",  # as ansible-core says it now, and before 2.19
        "the tasks of flant_gitops_on_end have failed",
    ):
        assert re.search(words, ran.output), ran.output
    assert [event["status"] for event in told(site)] == [status]
    state = site.facts["default"]
    assert (state["status"], state["last_run"]["rc"]) == (status, 1 if rc else 0)
    assert state.get("last_successful_commit") == (None if rc else commit)


@contextmanager
def saying(words: str) -> Iterator[str]:
    """Yield the address of a git server on loopback that answers each request with ``words``, as its error."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = f"ERR {words}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.end_headers()
            self.wfile.write(b"001e# service=git-upload-pack\n0000" + f"{len(said) + 4:04x}".encode() + said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name in the base class
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/a.git"
        server.shutdown()


def test_r8_words_of_a_git_server_are_filled_in_nowhere(site: Site) -> None:
    witness = site.folder / "witness"
    words = f"{{{{ lookup('ansible.builtin.pipe', 'touch {witness}') }}}}"
    both = "{{ flant_gitops_event }} {{ flant_gitops_event.detail }}"
    show = {"name": "Show it", "ansible.builtin.debug": {"msg": both}}
    hand_on = {"name": "Hand it on", "ansible.builtin.set_fact": {"my_words": "{{ flant_gitops_event.detail }}"}}
    again = {"name": "Show it again", "ansible.builtin.debug": {"msg": "{{ my_words }}"}}
    call(site, show, hand_on, again, NOTE)
    with saying(words) as address:
        site.variables["git_repo_url"] = address
        failed = site.run()
    assert failed.rc == 2, failed.output
    (event,) = told(site)
    assert (event["reason"], event["commit"]) == ("poll", "")
    assert words in str(event["detail"])
    assert not witness.exists()


def test_path_is_the_playbooks_where_it_is_not_absolute(site: Site, upstream: Upstream) -> None:
    call(site, NOTE)
    site.variables["on_end"] = "on_end.yml"
    upstream.commit("one", "Nobody has signed this")
    play = [{"hosts": "all", "gather_facts": False, "roles": ["flant.gitops.flant_gitops"]}]
    (site.folder / "play.json").write_text(json.dumps(play), encoding="utf-8")
    assert site.run(playbook=str(site.folder / "play.json")).rc == 2
    assert [event["status"] for event in told(site)] == ["failed"]


def test_missing_file_is_refused_before_anything_is_done(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    site.variables["on_end"] = f"{site.folder}/none.yml"
    refused = site.run()
    assert refused.rc == 2, refused.output
    sentence = f"flant_gitops_on_end: {site.folder}/none.yml is not a file on the controller"
    assert f"status: failed, {sentence}" in refused.output
    assert not site.work.exists()
