# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics as node_exporter reads them, and the alerts that a fault makes Prometheus fire, by promtool's own tests.

What the role keeps is written by the code that it keeps it with; a script stands in for ansible-pull.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.module_utils._ledger.state import Run, State
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._pull.standing import STATUSES
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/monitoring"
COMMIT = "c" * 40
MINUTE, HOUR, DAY = 60, 3600, 86400
SAMPLE = re.compile(r"^((?:flant_gitops|node_textfile)_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


class Exporter:
    """A node_exporter that reads a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{free.getsockname()[1]}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        options = ["--collector.disable-defaults", "--collector.textfile", f"--web.listen-address={self._address}"]
        command = ["prometheus-node-exporter", *options, f"--collector.textfile.directory={self.folder}"]
        with (self.folder.parent / "exporter.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
            try:
                until(self._answers, during=process, log=Path(log.name))
                yield
            finally:
                process.terminate()

    def samples(self) -> dict[tuple[str, str], float]:
        """Return the value of each metric and its labels, as they are given to Prometheus."""
        connection = HTTPConnection(self._address)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            found = SAMPLE.findall(connection.getresponse().read().decode())
        return {(name, labels): float(value) for name, labels, value in found}

    def _answers(self) -> bool:
        with contextlib.suppress(ConnectionError):
            return bool(self.samples())
        return False


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Exporter]:
    (tmp_path / "metrics").mkdir()
    exporter = Exporter(tmp_path / "metrics")
    with exporter.running():
        yield exporter


class Instance:
    """An instance whose schedule writes where the exporter reads, and what the role keeps of it."""

    def __init__(self, folder: Path, name: str, exporter: Exporter) -> None:
        self.name, self._exporter = name, exporter
        self._installed = Installation(folder / name, name)
        self._folder = folder / name / "instance"
        (self._folder / "git").mkdir()

    def polled(self, status: str, at: float) -> None:
        polls = Polls(self._folder / "git")
        polls.answered(at)
        polls.end(status, "", at)

    def processed(self, commit: str) -> None:
        Ratchet(self._folder / "git").move(commit)

    def ended(self, state: State) -> None:
        replace(self._folder / "state.json", state.dump())

    def hold(self) -> None:
        (self._folder / "hold").write_text("by hand\n", encoding="utf-8")

    def run(self, status: int = 0) -> None:
        self._installed.set(f"exit {status}", metrics_dir=str(self._exporter.folder))
        assert self._installed.tick()[0] == status


@pytest.fixture
def instance(tmp_path: Path, exporter: Exporter) -> Instance:
    return Instance(tmp_path, "default", exporter)


def moment(seconds: float) -> str:
    return iso8601(int(seconds))


@pytest.mark.parametrize("status", STATUSES)
def test_node_exporter_reads_the_file_after_each_status(status: str, instance: Instance, exporter: Exporter) -> None:
    now = time.time()
    if status == "held":
        instance.hold()
    elif status in ("unchanged", "awaiting_signatures"):
        instance.polled(status, now)
    elif status != "never":
        instance.polled("new", now)
        instance.ended(
            State(status=status, failing_since=moment(now), last_run=Run(COMMIT, 1, moment(now), moment(now)))
        )
    instance.run(int(status == "failed"))

    samples = exporter.samples()

    assert samples["node_textfile_scrape_error", ""] == 0
    told = {labels: value for (name, labels), value in samples.items() if name == "flant_gitops_status"}
    assert told == {f'name="default",status="{word}"': float(word == status) for word in STATUSES}


def test_two_instances_and_an_upgrade_keep_all_their_series(
    tmp_path: Path, instance: Instance, exporter: Exporter
) -> None:
    other = Instance(tmp_path, "second.one", exporter)
    now = int(time.time())
    for each in (instance, other):
        each.polled("new", now)
        each.processed(COMMIT)
        run = Run(COMMIT, 0, moment(now - 90), moment(now - 30))
        each.ended(State(status="processed", secret_id_rotate_at=moment(now + 500), last_run=run))
        each.run()
    before = exporter.samples()
    assert before["node_textfile_scrape_error", ""] == 0
    for name in ("default", "second.one"):
        assert before["flant_gitops_last_poll_timestamp_seconds", f'name="{name}"'] == now
        assert before["flant_gitops_run_duration_seconds", f'name="{name}"'] == 60
        assert before["flant_gitops_secret_id_rotate_timestamp_seconds", f'name="{name}"'] == now + 500
        assert before["flant_gitops_info", f'commit="{COMMIT}",name="{name}"'] == 1
        assert before["flant_gitops_last_success_timestamp_seconds", f'name="{name}"'] >= now

    (tmp_path / "default/program/flant-gitops-pull.pyz").write_bytes(b"of the version before")
    instance.run()
    after = exporter.samples()
    assert after["node_textfile_scrape_error", ""] == 0
    assert set(after) == set(before)


def firing(folder: Path, exporter: Exporter, after: int) -> dict[str, set[str]]:
    """Return which instances each alert fires for so many seconds after now, if nothing changes until then.

    The time that promtool tests rules in begins at 0, which stands for now.
    """
    now = time.time()
    series = []
    for (name, labels), value in exporter.samples().items():
        shifted = value - now if name.endswith(("_timestamp_seconds", "_mtime_seconds")) else value
        comma = "," if labels else ""
        shown = f'{name}{{job="node",instance="web1"{comma}{labels}}}'
        series.append({"series": shown, "values": f"{shifted:.3f}+0x{after // MINUTE + 10}"})
    shutil.copy(EXAMPLE / "alerts.yml", folder)
    # One that cannot be fulfilled: promtool prints what it has found in its place.
    nothing = {
        "expr": 'ALERTS{alertstate="firing"}',
        "eval_time": f"{after}s",
        "exp_samples": [{"labels": "X", "value": 0}],
    }
    tests = {
        "rule_files": ["alerts.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [nothing]}],
    }
    (folder / "tests.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    ran = subprocess.run(
        ["promtool", "test", "rules", folder / "tests.yml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found: dict[str, set[str]] = {}
    got = ran.stdout.partition("got:")[2]
    assert got, ran.stdout
    for text in re.findall(r"\{(__name__=\"ALERTS\".*?)\} 1E", got):
        labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', text))
        found.setdefault(labels["alertname"], set()).add(labels.get("name") or Path(labels.get("file", "")).stem)
    return found


QUIET = {"FlantGitopsWatchdog": {""}}


def test_no_alert_fires_for_an_instance_that_is_well(tmp_path: Path, instance: Instance, exporter: Exporter) -> None:
    instance.polled("unchanged", time.time())
    instance.ended(State(status="processed", secret_id_rotate_at=moment(time.time() + DAY)))
    instance.run()
    assert firing(tmp_path, exporter, 30 * MINUTE) == QUIET


def test_timer_that_is_dead_is_noticed(tmp_path: Path, instance: Instance, exporter: Exporter) -> None:
    instance.run()
    assert firing(tmp_path, exporter, 50 * MINUTE) == QUIET
    assert firing(tmp_path, exporter, 70 * MINUTE) == {**QUIET, "FlantGitopsNotRunning": {"flant_gitops_default"}}


def test_server_that_does_not_answer_is_noticed_unless_nobody_asks(
    tmp_path: Path, instance: Instance, exporter: Exporter
) -> None:
    instance.polled("unchanged", time.time() - 2 * HOUR)
    instance.run()
    assert firing(tmp_path, exporter, 10 * MINUTE) == {**QUIET, "FlantGitopsNotPolled": {"default"}}
    instance.hold()
    instance.run()
    assert firing(tmp_path, exporter, 10 * MINUTE) == QUIET


def test_instance_that_fails_is_noticed_and_the_other_is_not_blamed(
    tmp_path: Path, instance: Instance, exporter: Exporter
) -> None:
    Instance(tmp_path, "second", exporter).run()
    instance.run(2)
    assert firing(tmp_path, exporter, 10 * MINUTE) == QUIET
    assert firing(tmp_path, exporter, 20 * MINUTE) == {**QUIET, "FlantGitopsFailing": {"default"}}
    instance.run()
    assert firing(tmp_path, exporter, 20 * MINUTE) == QUIET


def test_commit_that_is_not_tried_now_still_fails_until_it_is_given_up(
    tmp_path: Path, instance: Instance, exporter: Exporter
) -> None:
    """Either run is green: ansible-pull ends with status 0."""
    now = time.time()
    instance.polled("new", now)
    instance.ended(State(status="waiting_for_retry", failing_since=moment(now), attempts=2))
    instance.run()
    assert firing(tmp_path, exporter, 10 * MINUTE) == QUIET
    assert firing(tmp_path, exporter, 20 * MINUTE) == {**QUIET, "FlantGitopsFailing": {"default"}}
    instance.ended(State(status="given_up", failing_since=moment(now), attempts=3))
    instance.run()
    assert exporter.samples()["flant_gitops_attempts", 'name="default"'] == 3
    for after in (MINUTE, 20 * MINUTE):
        assert firing(tmp_path, exporter, after) == {**QUIET, "FlantGitopsGivenUp": {"default"}}


def test_commit_that_waits_for_signatures_is_noticed(tmp_path: Path, instance: Instance, exporter: Exporter) -> None:
    instance.polled("awaiting_signatures", time.time() - DAY + 5 * MINUTE)
    Polls(tmp_path / "default/instance/git").answered(time.time())
    instance.run()
    assert firing(tmp_path, exporter, MINUTE) == QUIET
    assert firing(tmp_path, exporter, 10 * MINUTE) == {**QUIET, "FlantGitopsAwaitingSignatures": {"default"}}


def test_secret_id_that_is_not_exchanged_is_noticed_before_it_dies(
    tmp_path: Path, instance: Instance, exporter: Exporter
) -> None:
    instance.ended(State(status="failed", step="rotate", secret_id_rotate_at=moment(time.time() - HOUR + 5 * MINUTE)))
    instance.run()
    assert firing(tmp_path, exporter, MINUTE) == QUIET
    assert firing(tmp_path, exporter, 10 * MINUTE) == {**QUIET, "FlantGitopsSecretIdNotRotated": {"default"}}


def test_instance_that_somebody_has_forgotten_to_resume_is_noticed(
    tmp_path: Path, instance: Instance, exporter: Exporter
) -> None:
    instance.hold()
    instance.run()
    assert "FlantGitopsHeld" not in firing(tmp_path, exporter, 2 * DAY)
    assert firing(tmp_path, exporter, 3 * DAY + HOUR)["FlantGitopsHeld"] == {"default"}


def test_promtool_finds_nothing_amiss_in_rules_and_dashboard(tmp_path: Path) -> None:
    """The dashboard's queries are checked as rules, with what Grafana would put in place of its variables."""
    panels = json.loads((EXAMPLE / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    queries = [
        target["expr"].replace("$job", ".+").replace("$name", ".+") for panel in panels for target in panel["targets"]
    ]
    assert len(queries) > 10
    assert not any("$" in query for query in queries)
    rules = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "queries.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}), encoding="utf-8"
    )
    ran = subprocess.run(
        ["promtool", "check", "rules", "--lint=all", "--lint-fatal", EXAMPLE / "alerts.yml", tmp_path / "queries.yml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_rules_and_dashboard_name_only_metrics_that_there_are(instance: Instance, exporter: Exporter) -> None:
    now = time.time()
    instance.polled("awaiting_signatures", now)
    run = Run(COMMIT, 0, moment(now), moment(now))
    instance.ended(
        State(status="failed", step="rotate", failing_since=moment(now), secret_id_rotate_at=moment(now), last_run=run)
    )
    known = set()
    for status in (0, 1):
        instance.run(status)
        known |= {name for name, _labels in exporter.samples()}
        instance.ended(State(secret_id_rotate_at=moment(now), last_run=run))
    instance.run()
    known |= {name for name, _labels in exporter.samples()}
    named = {
        name
        for file in ("alerts.yml", "dashboard.json")
        for name in re.findall(r"\b(?:flant_gitops|node_textfile)_\w+", (EXAMPLE / file).read_text(encoding="utf-8"))
    } - {"flant_gitops_"}
    assert named <= known, named - known
    assert len(named) >= 8
