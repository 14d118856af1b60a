# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of what is called at the end of a run, each against a server that writes down what it is told.

The server stands in for forges, checks and chats: it knows their paths and headers from their documentation alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).resolve().parents[3] / "examples/notifications"
COMMIT = "c" * 40
HOSTILE = "commit x: <!channel> @here `id` {{ lookup('ansible.builtin.pipe', 'id') }}"
EVENT = {
    "status": "failed",
    "previous_status": "unchanged",
    "reason": "rc",
    "detail": HOSTILE,
    "instance": "default",
    "host": "web1",
    "commit": COMMIT,
    "signers": ["alice"],
    "rc": 3,
    "started_at": "2026-11-28T12:00:00Z",
    "finished_at": "2026-11-28T12:00:01Z",
}


class Heard(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, str]


class Listener(ThreadingHTTPServer):
    """Writes down all that is told to it."""

    heard: list[Heard]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.heard.append(Heard(self.path, dict(self.headers), json.loads(body or "{}")))
        self.send_response(201 if "/statuses/" in self.path else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name in the base class
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), _Handler) as server:
        server.heard = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def call(folder: Path, example: str, variables: dict[str, object], *events: dict[str, object]) -> None:
    """Include the example once for each event, whose sentence is as little a template as in the role."""
    include = {
        "ansible.builtin.include_tasks": str(EXAMPLES / f"{example}.yml"),
        "vars": {"flant_gitops_event": "{{ item }}"},
        "loop": "{{ lookup('ansible.builtin.file', '" + str(folder / "events.json") + "') | from_json }}",
        "loop_control": {"label": "{{ item.status }}"},
    }
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [include]}
    (folder / "events.json").write_text(json.dumps(events), encoding="utf-8")
    (folder / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    environment = {**clean(), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    command = ["ansible-playbook", str(folder / "play.json")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


FORGES = {
    "github": ("/repos/ops/deploy/statuses/", ("Authorization", "Bearer secret"), "context", "failure"),
    "gitea": ("/api/v1/repos/ops/deploy/statuses/", ("Authorization", "token secret"), "context", "failure"),
    "gitlab": ("/api/v4/projects/7/statuses/", ("Private-Token", "secret"), "name", "failed"),
}


@pytest.mark.parametrize("forge", FORGES)
def test_commit_status_on_a_forge(forge: str, listener: Listener, tmp_path: Path) -> None:
    path, (header, value), name, failed = FORGES[forge]
    address = f"http://127.0.0.1:{listener.server_port}"
    variables = {
        "flant_gitops_my_github_api": address,
        "flant_gitops_my_github": "ops/deploy",
        "flant_gitops_my_gitea": address,
        "flant_gitops_my_gitea_repository": "ops/deploy",
        "flant_gitops_my_gitlab": address,
        "flant_gitops_my_gitlab_project": "7",
        f"flant_gitops_my_{forge}_token": "secret",
    }
    reached = {**EVENT, "status": "processed", "reason": "processed"}
    waits = {**EVENT, "status": "awaiting_signatures", "reason": "awaiting_signatures"}
    given_up = {**EVENT, "status": "given_up", "reason": "given_up"}
    not_the_commits_fault = [{**EVENT, "reason": reason} for reason in ("rotate", "poll")]
    unknown = {**waits, "commit": ""}
    call(tmp_path, forge, variables, EVENT, reached, waits, given_up, unknown, *not_the_commits_fault)
    assert [(heard.path, heard.body["state"]) for heard in listener.heard] == [
        (f"{path}{COMMIT}", state) for state in (failed, "success", "pending", failed)
    ]
    assert listener.heard[0].headers[header.title()] == value
    assert listener.heard[0].body[name] == "flant.gitops/web1/default"
    assert listener.heard[0].body["description"] == "failed: rc"


def test_ping(listener: Listener, tmp_path: Path) -> None:
    variables = {"flant_gitops_my_ping": f"http://127.0.0.1:{listener.server_port}/7"}
    call(tmp_path, "ping", variables, EVENT, {**EVENT, "status": "processed"})
    assert [heard.path for heard in listener.heard] == ["/7/fail", "/7"]


def test_chat_is_told_no_markup(listener: Listener, tmp_path: Path) -> None:
    variables = {"flant_gitops_my_chat": f"http://127.0.0.1:{listener.server_port}/hooks/x"}
    call(tmp_path, "chat", variables, EVENT, {**EVENT, "previous_status": ""})
    text = listener.heard[0].body["text"]
    assert text.startswith("web1, default: unchanged → failed (rc): commit x: ")
    assert "lookup(" in text  # as it stands, and nothing in its place
    assert not set("<>@`{}!") & set(text)
    assert listener.heard[1].body["text"].startswith("web1, default: new → failed (rc)")


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yml")), ids=lambda file: file.stem)
def test_others_words_reach_no_shell_url_or_header(file: Path) -> None:
    for task in yaml.safe_load(file.read_text(encoding="utf-8")):
        module = task["ansible.builtin.uri"]
        assert "detail" not in json.dumps([module["url"], module.get("headers"), task.get("vars"), task["name"]])
        assert not {"ansible.builtin.shell", "ansible.builtin.command"} & task.keys()
        assert task["no_log"] is True
        assert module["follow_redirects"] == "none"
    assert re.search(r"^# flant_gitops_my_", file.read_text(encoding="utf-8"), re.MULTILINE)
