# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each state, by what a target may answer, and answers that are not what they should be."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._status import (
    STATES,
    Asked,
    Run,
    Standing,
    age,
    alarm,
    in_order,
    standing,
)

COLLECTION = Path(__file__).resolve().parents[4]
NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
POLLED, BEFORE, LATER = "2026-11-28T11:59:00Z", "2026-11-28T11:00:00Z", "2026-11-28T11:59:30Z"
COMMIT = "a" * 40
NOTHING = {
    "status": "recorded",
    "commit": "",
    "polled_at": "",
    "last_poll": {"status": "", "since": "", "sentence": ""},
}
EMPTY = {"state": {"status": "", "last_run": None}}
IDLE = {"existing": "none"}
RAN = {"commit": COMMIT, "rc": 0, "started_at": BEFORE, "finished_at": "2026-11-28T11:00:01.5Z", "signers": ["alice"]}
UNREACHABLE = {"unreachable": True, "msg": "No route to host"}


def polled(status: str, sentence: str = "", **more: object) -> dict[str, object]:
    last = {"status": status, "since": BEFORE, "sentence": sentence}
    return {**NOTHING, "commit": COMMIT, "polled_at": POLLED, "last_poll": last, **more}


def ended(status: str, step: str = "", **more: object) -> dict[str, object]:
    times = {"since": BEFORE, "at": POLLED, "failing_since": BEFORE if status == "failed" else ""}
    return {"state": {"status": status, "step": step, "reason": "It said so", "last_run": RAN, **times, **more}}


def asked(
    git: dict[str, object] | None = None,
    ledger: dict[str, object] | None = None,
    container: dict[str, object] | None = None,
    suspended: str = "",
    refusal: str = "",
) -> Asked:
    told = (
        default if given is None else given for given, default in ((git, NOTHING), (ledger, EMPTY), (container, IDLE))
    )
    return Asked("web1", "default", suspended, refusal, *told)


def stands(*answers: dict[str, object], max_age: float = 0, **more: object) -> tuple[str, str, str]:
    found = standing(asked(*answers, **more), NOW, max_age)
    return found.state, found.since, found.reason


HELD = {**polled("unchanged"), "status": "held", "hold": "Frozen (suspended by alice at ...)", "held_since": BEFORE}
WAITING = polled("awaiting_signatures", "required_signatures: 1 of 2.")
RUNNING = {"existing": "other_running", "started_at": POLLED}
NO_ENGINE = {"msg": "docker_host: no engine answers."}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), ("never", "", "")),
        ((polled("unchanged"),), ("ok", BEFORE, "unchanged")),
        ((polled("unchanged"), ended("processed")), ("ok", BEFORE, "unchanged")),
        ((polled("new"), ended("processed")), ("ok", BEFORE, "processed: It said so")),
        ((polled("new"),), ("ok", BEFORE, "new")),
        ((polled("unchanged"), EMPTY, {"existing": "other_exited"}), ("ok", BEFORE, "unchanged")),
        (
            (polled("unchanged"), EMPTY, NO_ENGINE),
            ("ok", BEFORE, "unchanged: the engine cannot be asked: docker_host: no engine answers."),
        ),
        ((polled("new"), ended("running"), RUNNING), ("running", POLLED, "run: the commands are under way")),
        ((polled("new"), ended("failed", "run"), RUNNING), ("running", POLLED, "run: the commands are under way")),
        ((polled("new"), ended("running")), ("running", BEFORE, "begin: It said so")),
        ((polled("unchanged"), ended("running")), ("ok", BEFORE, "unchanged")),
        (
            (WAITING,),
            (
                "waiting",
                BEFORE,
                "awaiting_signatures: flant_gitops_required_number_of_verified_signatures_on_commit: 1 of 2.",
            ),
        ),
        (
            (WAITING, ended("failed", "run")),
            (
                "waiting",
                BEFORE,
                "awaiting_signatures: flant_gitops_required_number_of_verified_signatures_on_commit: 1 of 2.",
            ),
        ),
        (
            (polled("new"), ended("waiting_for_window", waiting_since=LATER)),
            ("waiting", LATER, "waiting_for_window: It said so"),
        ),
        (
            (polled("new"), ended("waiting_for_turn", waiting_since=LATER)),
            ("waiting", LATER, "waiting_for_turn: It said so"),
        ),
        ((polled("unchanged"), ended("waiting_for_turn", waiting_since=LATER)), ("ok", BEFORE, "unchanged")),
        ((polled("unchanged"), ended("waiting_for_window", waiting_since=LATER)), ("ok", BEFORE, "unchanged")),
        ((polled("failed"), ended("waiting_for_window", waiting_since=LATER)), ("failing", BEFORE, "poll")),
        (
            (polled("new"), ended("waiting_for_retry", failing_since=LATER)),
            ("failing", LATER, "waiting_for_retry: It said so"),
        ),
        ((polled("new"), ended("given_up", failing_since=LATER)), ("given_up", LATER, "given_up: It said so")),
        ((polled("unchanged"), ended("given_up", failing_since=LATER)), ("ok", BEFORE, "unchanged")),
        ((polled("failed"), ended("given_up", failing_since=LATER)), ("failing", BEFORE, "poll")),
        ((HELD,), ("held", BEFORE, "held: Frozen (suspended by alice at ...)")),
        ((HELD, ended("failed", "run")), ("held", BEFORE, "held: Frozen (suspended by alice at ...)")),
        (({**HELD, "hold": ""},), ("held", BEFORE, "held: what the mark on the target says cannot be shown")),
        (
            (HELD, EMPTY, RUNNING),
            ("held", BEFORE, "held: Frozen (suspended by alice at ...); commands are still under way"),
        ),
        ((polled("failed"),), ("failing", BEFORE, "poll")),
        ((polled("failed"), ended("failed", "poll")), ("failing", BEFORE, "poll: It said so")),
        ((polled("failed"), ended("failed", "run")), ("failing", BEFORE, "poll")),
        ((polled("failed"), ended("processed")), ("failing", BEFORE, "poll")),
        (({"msg": "git_dir: /w is not ours."},), ("failing", "", "git_dir: /w is not ours.")),
        ((polled("unchanged"), {"msg": "dir: /w is not ours."}), ("failing", "", "dir: /w is not ours.")),
        (
            ({"msg": "MODULE FAILURE", "module_stderr": "Traceback\nKilled\n"},),
            ("failing", "", "MODULE FAILURE Killed"),
        ),
        (
            ({"msg": "MODULE FAILURE", "module_stderr": "Traceback\n  ...\nKilled\n"},),
            ("failing", "", "MODULE FAILURE Killed"),
        ),
        (
            ({"msg": "MODULE FAILURE", "module_stdout": "One\nTwo\nKilled\n"},),
            ("failing", "", "MODULE FAILURE Killed"),
        ),
        ((polled("new"), ended("failed", "run", failing_since=LATER)), ("failing", LATER, "run: It said so")),
        (({},), ("failing", "", "the target was not asked.")),
        ((UNREACHABLE,), ("unreachable", "", "No route to host")),
        ((polled("unchanged"), UNREACHABLE, {}), ("unreachable", "", "No route to host")),
    ],
)
def test_r19_state_is_what_the_target_says(
    answers: tuple[dict[str, object], ...], expected: tuple[str, str, str]
) -> None:
    assert stands(*answers) == expected


@pytest.mark.parametrize("step", ["prepare", "begin", "wrap", "start", "run", "record", "remove"])
def test_r19_failing_names_the_step_until_the_commit_is_gone(step: str) -> None:
    assert stands(polled("new"), ended("failed", step)) == ("failing", BEFORE, f"{step}: It said so")
    assert stands(polled("unchanged"), ended("failed", step)) == ("ok", BEFORE, "unchanged")


@pytest.mark.parametrize("step", ["clear", "sweep", "rotate"])
def test_r19_what_fails_beside_the_commit_is_failing_on_a_quiet_branch(step: str) -> None:
    assert stands(polled("unchanged"), ended("failed", step)) == ("failing", BEFORE, f"{step}: It said so")


@pytest.mark.parametrize(("at", "state"), [(BEFORE, "ok"), (POLLED, "ok"), (LATER, "failing")])
def test_r19_poll_that_could_not_be_tried_is_failing_until_a_server_answers(at: str, state: str) -> None:
    assert stands(polled("unchanged"), ended("failed", "poll", at=at))[0] == state


def test_suspended_by_a_variable_is_held() -> None:
    assert stands(polled("failed"), suspended="Frozen") == ("held", "", "suspended: Frozen")
    assert stands(polled("new"), EMPTY, RUNNING, suspended="Frozen")[2].endswith("; commands are still under way")


def test_r16_what_was_not_asked_is_failing() -> None:
    assert stands({}, {}, {}, refusal="flant_gitops_x: nobody knows it.") == (
        "failing",
        "",
        "flant_gitops_x: nobody knows it.",
    )


@pytest.mark.parametrize(
    ("answers", "max_age", "state"),
    [
        ((polled("unchanged"),), 60, "ok"),
        ((polled("unchanged"),), 59, "stale"),
        ((polled("unchanged", polled_at="2026-11-28T13:00:00Z"),), 1, "ok"),
        ((polled("", polled_at=""),), 60, "stale"),
        ((WAITING,), 59, "stale"),
        ((polled("new"), ended("running")), 59, "stale"),
        ((polled("new"), ended("running"), RUNNING), 59, "running"),
        ((polled("failed"),), 59, "failing"),
        ((HELD,), 59, "held"),
        ((), 59, "never"),
    ],
)
def test_instance_that_has_not_polled_for_too_long_is_stale(
    answers: tuple[dict[str, object], ...], max_age: float, state: str
) -> None:
    assert stands(*answers, max_age=max_age)[0] == state


def test_facts_are_the_targets() -> None:
    found = standing(asked(polled("unchanged"), ended("processed")), NOW, 0)
    assert found == Standing(
        host="web1",
        instance="default",
        state="ok",
        since=BEFORE,
        deployed=COMMIT,
        last_run=Run(COMMIT, 0, "2026-11-28T11:00:01Z"),
        last_poll=POLLED,
        signers=("alice",),
        reason="unchanged",
    )


HOSTILE = "<script>\x1b[2J\u202e{{ lookup('pipe', 'id') }}\n" + "x" * 10_000


@pytest.mark.parametrize(
    "value", [HOSTILE, None, 7, True, [], {}, [HOSTILE], {"status": HOSTILE}, "2026-13-01T00:00:00Z"]
)
def test_hostile_answers_are_known_words_or_printable_text(value: object) -> None:
    git = dict.fromkeys(("status", "commit", "polled_at", "hold", "held_since", "last_poll", "msg"), value)
    last = dict.fromkeys(("status", "since", "sentence"), value)
    run = dict.fromkeys(("commit", "rc", "started_at", "finished_at", "signers"), value)
    state = dict.fromkeys(("status", "step", "reason", "since", "at", "failing_since"), value)
    container = {"existing": value, "started_at": value, "msg": value}
    answers = [
        (git, {"state": value}, container),
        (polled("unchanged", commit=value), {"state": {**state, "last_run": value}}, container),
        ({**NOTHING, "last_poll": last}, {"state": {**state, "last_run": run}}, container),
        (polled("new"), {"state": {**state, "status": "failed", "step": "run", "last_run": run}}, {}),
        ({**HELD, "hold": value, "held_since": value}, EMPTY, IDLE),
        ({"msg": value, "module_stderr": value, "module_stdout": value}, {}, {}),
        ({"unreachable": value, "msg": value}, {}, {}),
    ]
    for each in answers:
        found = standing(asked(*each), NOW, 1)
        assert found.state in STATES
        assert found.since in ("", BEFORE, POLLED)
        assert found.deployed in ("", COMMIT)
        assert found.last_poll in ("", POLLED)
        assert found.last_run is None
        assert found.signers == ()
        assert len(found.reason) < 1000
        assert found.reason.isprintable()


def test_words_are_only_those_that_are_known() -> None:
    assert stands(polled(HOSTILE)) == ("ok", BEFORE, "")
    assert stands(polled("new"), ended(HOSTILE)) == ("ok", BEFORE, "new")
    assert stands(polled(HOSTILE), ended("processed")) == ("ok", BEFORE, "processed: It said so")
    assert stands(polled("new"), ended("failed", HOSTILE)) == (
        "failing",
        BEFORE,
        "a step that is not known: It said so",
    )


def test_signers_are_names() -> None:
    names = ["alice", "F" * 64, "SHA256:" + "a" * 43, "<b>", "a\nb", 7]
    found = standing(asked(polled("unchanged"), ended("processed", last_run={**RAN, "signers": names})), NOW, 0)
    assert found.signers == tuple(names[:3])


@pytest.mark.parametrize(
    ("rc", "known"), [(0, True), ((1 << 16) - 1, True), (1 << 16, False), (-1, False), ("0", False), (None, False)]
)
def test_rc_is_a_number_that_an_engine_can_tell(rc: object, known: bool) -> None:
    found = standing(asked(polled("unchanged"), ended("processed", last_run={**RAN, "rc": rc})), NOW, 0)
    assert (found.last_run is not None) == known


def test_worst_is_first() -> None:
    found = [Standing(host, "default", state) for state in reversed(STATES) for host in ("web2", "web1")]
    ordered = in_order(found)
    assert [each.state for each in ordered[::2]] == list(STATES)
    assert [each.host for each in ordered] == ["web1", "web2"] * len(STATES)


def test_alarm_names_who_has_to_be_looked_at() -> None:
    calm = [Standing("web1", "default", state) for state in ("waiting", "held", "never", "running", "ok")]
    assert alarm(calm) == ""
    bad = [Standing(f"web{n}", "default", state) for n, state in enumerate(("failing", "unreachable", "stale"))]
    assert alarm([Standing("web1", "default", "given_up")]) == "1 of 1: default on web1 is given_up."
    assert alarm([*bad, *calm]) == (
        "3 of 8: default on web0 is failing, default on web1 is unreachable, default on web2 is stale."
    )
    assert alarm(bad * 4).endswith("default on web0 is failing, 2 more.")
    assert alarm((bad * 4)[:10]).endswith("default on web2 is stale, default on web0 is failing.")


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-28T11:59:01Z", "59s"),
        ("2026-11-28T11:59:00Z", "1m"),
        ("2026-11-28T10:00:00Z", "2h"),
        ("2026-11-27T12:00:00Z", "1d"),
        ("2026-11-26T11:00:00Z", "2d"),
        ("2026-11-28T12:00:01Z", "0s"),
    ],
)
def test_age_is_in_the_largest_unit(moment: str, words: str) -> None:
    assert age(moment, NOW) == words


@pytest.mark.parametrize(
    ("entries", "key"),
    [
        ([{"key": "SHA256:" + "a" * 43}, {"key": "SHA256:" + "b" * 43}], "SHA256:" + "b" * 43),
        ([{"key": "SHA256:" + "b" * 43 + "\n"}], ""),
        ([{"key": "<script>"}], ""),
        ([{"key": 1}], ""),
        ([1], ""),
        ([], ""),
        ("x", ""),
        (None, ""),
    ],
)
def test_key_of_the_ledgers_last_entry_is_shown_if_it_is_a_fingerprint(entries: object, key: str) -> None:
    assert standing(asked(polled("unchanged"), {**ended("processed"), "entries": entries}), NOW, 0).key == key


@pytest.mark.parametrize(
    "where",
    ["roles/flant_gitops/meta/argument_specs.yml", "docs/docsite/rst/playbook_status.rst"],
    ids=["role", "page"],
)
def test_documentation_names_each_state_in_its_order(where: str) -> None:
    text = (COLLECTION / where).read_text(encoding="utf-8")
    told = {
        ".yml": re.findall(r"C\((\w+)\)", text.partition("The states are ")[2].partition(".")[0]),
        ".rst": re.findall(r"^``(\w+)``$", text.partition("``STATE`` is one of these:")[2], re.MULTILINE),
    }
    assert tuple(told[Path(where).suffix]) == STATES
