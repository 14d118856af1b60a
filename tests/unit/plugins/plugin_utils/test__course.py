# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from the steps of a run: each status, each step that may be refused, and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils import _course
from ansible_collections.flant.gitops.plugins.plugin_utils._course import NEVER, Course, Settings, Steps, course
from ansible_collections.flant.gitops.plugins.plugin_utils._event import REASONS, stands
from ansible_collections.flant.gitops.plugins.plugin_utils._keys import Trusted
from ansible_collections.flant.gitops.plugins.plugin_utils._lock import Lock
from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step
from ansible_collections.flant.gitops.plugins.plugin_utils._windows import calendar

NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
NOW_IN_WORDS = "2026-11-28T12:00:00.000000Z"
OLD, NEW = "a" * 40, "b" * 40
SETTINGS = Settings(
    archive="/w/default/archive.tar",
    instance="default",
    container="now",
    container_before="before",
    suspend="",
    branch="main",
    poll_period=0,
    rerun=False,
    initial_commit="",
    secret_id_file="",
    secret_id_ttl="",
    requests=0,
    revoke_on_failure="unused",
    show_output=True,
    trusted=Trusted([], [], {}),
)
WITH_VAULT = replace(SETTINGS, requests=1)
WITH_FILE = replace(SETTINGS, secret_id_file="/secret-id")
REMEMBERED = {"last_successful_commit": OLD}
CONTENT = "c" * 64
TARGET = {"machine": "m", "git_dir": "/work/git"}
OURS = Lock("now", CONTENT, {"machine": "m", "instance": "default", "git_dir": "/work/git"})
BEFORE = Lock("before", NEW, {"machine": "", "instance": "", "git_dir": ""})
QUIET = {
    "changed": False,
    "status": "unchanged",
    "commit": OLD,
    "previous_commit": OLD,
    "head": OLD,
    "content_id": CONTENT,
    **TARGET,
}
HELD = {**QUIET, "status": "held", "head": "", "msg": "/work/hold: Frozen until Monday."}
WAITING = {**QUIET, "status": "awaiting_signatures", "head": NEW, "msg": "required_signatures: 1 of 2."}
POLLED = {
    "changed": True,
    "status": "new",
    "commit": NEW,
    "previous_commit": OLD,
    "head": NEW,
    "archive": "/tree.tar",
    "signers": ["alice"],
    "content_id": CONTENT,
    "identity": CONTENT,
    "msg": "",
    **TARGET,
}
TAKEN_OVER = {**POLLED, "git_dir_taken_over": True}
LOOKED_AT = {**POLLED, "archive": ""}
AGAIN = f"{CONTENT}+7"
OPEN = {**QUIET, "open": AGAIN, "last_rerun": AGAIN}
RERUN_POLLED = {**POLLED, "commit": OLD, "head": OLD, "identity": AGAIN, "open": AGAIN, "last_rerun": AGAIN}
RERUN = replace(SETTINGS, rerun=True)
OPEN_NOW = replace(SETTINGS, calendar=calendar([{"from": "12:00", "to": "13:00"}], []))  # NOW is noon
CLOSED = replace(SETTINGS, calendar=calendar([{"from": "12:01", "to": "13:00"}], []))
FROZEN = replace(
    SETTINGS, calendar=calendar([], [{"from": "2026-11-28T00:00Z", "until": "2026-11-30T00:00Z", "reason": "Sale"}])
)
FOUND = {**POLLED, "archive": ""}  # as the poll answers outside the windows
BEGUN = {**REMEMBERED, "last_started_commit": NEW}
ELSE_BEGUN = {**REMEMBERED, "last_started_commit": OLD}
SKIPPED = {"skipped": True, "changed": False}
REFUSED = {"msg": "It went wrong.", "failed": False}
FREE = {"existing": "none"}
RUNNING = {"existing": "other_running", "started_at": "10:00"}
SAME = {"existing": "same"}
TOKENS = {"env": {"VAULT_REQUEST_TOKEN_A": "t"}, "secret_id_rotate_at": "2027-01-01T00:00:00Z"}
TOKENS_LEFT = {**TOKENS, "revocable": [{"name": "a", "token": "t", "login": False}]}
RAN = {"rc": 0, "stdout": "hello", "started_at": "s", "finished_at": "f", "image_id": "i"}
FAILED = {**RAN, "rc": 3, "msg": "The command ended with 3."}
OVERTAKEN = {"skipped_start": True, "existing": "none"}
VANISHED = {"existing": "none", "changed": False}
BUSY = {"existing": "other_running", "started_at": "11:00", "msg": "It is busy."}
REMOVED = {"existing": "none", "changed": True}


WHO = Trusted(
    [],
    [],
    {
        "trusted_keys[0]": "flant_gitops_trusted_pgp_public_keys[0]",
        "trusted_signers[0]": "flant_gitops_trusted_signers['alice']",
        "trusted_signers[1]": "flant_gitops_trusted_pgp_public_keys['bob']",
    },
)
GONE = (
    f"commit {NEW}: its container was removed before it had ended, as flant.gitops.cancel does; "
    "the next run starts the commit anew"
)


def follows(
    settings: Settings = SETTINGS,
    remembered: dict[str, object] | None = None,
    *,
    check_mode: bool = False,
    **steps: object,
) -> Course:
    known = REMEMBERED if remembered is None else remembered
    return course(settings, known, Steps.of(steps), NOW, check_mode=check_mode)


def acted(**steps: object) -> Course:
    return follows(**{"poll": POLLED, "prepare": FREE, **steps})


@pytest.mark.parametrize(
    ("steps", "status", "sentence"),
    [
        ({"poll": SKIPPED}, "not_due", "the last poll was at None and flant_gitops_git_poll_period is 0 s"),
        ({"settings": replace(SETTINGS, suspend="frozen")}, "suspended", "frozen"),
        ({"poll": QUIET}, "unchanged", f"main stands at {OLD}"),
        (
            {
                "poll": SKIPPED,
                "remembered": {"last_poll_at": "2026-11-28T11:59:30Z"},
                "settings": replace(SETTINGS, poll_period=60),
            },
            "not_due",
            "the last poll was at 2026-11-28T11:59:30Z and flant_gitops_git_poll_period is 60 s",
        ),
        ({"poll": HELD}, "held", "/work/hold: Frozen until Monday"),
        ({"poll": {**HELD, "msg": ""}}, "held", ""),
        ({"poll": POLLED, "prepare": RUNNING, "check_mode": True}, "new", f"commit {NEW} would run"),
        (
            {"poll": {**POLLED, "signers": ["alice", "bob"]}, "prepare": FREE, "run": RAN},
            "processed",
            f"commit {NEW} ran with rc 0, signed by alice, bob",
        ),
        (
            {"poll": POLLED, "prepare": FREE, "run": RAN, "gone": OLD},
            "processed",
            f"commit {NEW} ran with rc 0, signed by alice",
        ),
        (
            {"poll": WAITING},
            "awaiting_signatures",
            "flant_gitops_required_number_of_verified_signatures_on_commit: 1 of 2",
        ),
        ({"poll": LOOKED_AT}, "new", f"commit {NEW} would run"),
        ({"poll": POLLED, "check_mode": True}, "new", f"commit {NEW} would run"),
        ({"poll": POLLED, "prepare": FREE}, "new", f"commit {NEW} would run"),
        (
            {"poll": POLLED, "prepare": RUNNING},
            "busy",
            f"another run has been going on since 10:00, commit {NEW} waits",
        ),
        (
            {"poll": POLLED, "prepare": FREE, "run": BUSY},
            "busy",
            f"another run has been going on since 11:00, commit {NEW} waits",
        ),
        (
            {"poll": POLLED, "prepare": FREE, "run": OVERTAKEN},
            "superseded",
            f"another run recorded a commit first, commit {NEW} was not started",
        ),
        (
            {"poll": POLLED, "prepare": SAME, "run": VANISHED},
            "gone",
            GONE,
        ),
        (
            {"poll": POLLED, "prepare": FREE, "run": RAN},
            "processed",
            f"commit {NEW} ran with rc 0, signed by alice",
        ),
        (
            {"poll": {**POLLED, "signers": []}, "prepare": FREE, "run": RAN},
            "processed",
            f"commit {NEW} ran with rc 0, signed by nobody, as none is required",
        ),
    ],
)
def test_status_and_sentence(steps: dict[str, object], status: str, sentence: str) -> None:
    found = follows(**steps)
    assert (found.status, found.sentence, found.step, found.fails) == (status, sentence, "", False)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("poll", "It went wrong"),
        ("prepare", f"commit {NEW}: It went wrong"),
        ("begin", f"commit {NEW}: It went wrong"),
        ("wrap", f"commit {NEW}: It went wrong"),
        ("start", f"commit {NEW}: It went wrong"),
        ("run", f"commit {NEW}: It went wrong"),
        ("record", f"commit {NEW}: It went wrong"),
        ("remove", f"commit {NEW}: It went wrong"),
        ("clear", "It went wrong"),
        ("sweep", "It went wrong"),
        ("rotate", "It went wrong"),
    ],
)
def test_r25_refused_step_is_told_and_counted(step: str, sentence: str) -> None:
    found = acted(**{"run": RAN, step: REFUSED})
    assert (found.status, found.step, found.sentence, found.fails) == ("failed", step, sentence, True)
    assert found.ended["consecutive_failures"] == 1
    assert not found.quiet or step in ("clear", "sweep", "rotate")


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ({"poll": {"msg": "trusted_keys[0]: expired."}}, "flant_gitops_trusted_pgp_public_keys[0]: expired"),
        ({"poll": {"msg": "trusted_signers[1] expired."}}, "flant_gitops_trusted_pgp_public_keys['bob'] expired"),
        ({"wrap": {"msg": "role_id: missing."}}, f"commit {NEW}: flant_gitops_vault_role_id: missing"),
        ({"rotate": {"msg": "role_id: missing."}}, "flant_gitops_vault_role_id: missing"),
        ({"run": {"msg": "image: gone."}}, f"commit {NEW}: flant_gitops_docker_image: gone"),
        ({"run": {"msg": "image: is X."}}, f"commit {NEW}: flant_gitops_docker_image: is X"),
        ({"run": RAN, "record": {"msg": "repo: gone."}}, f"commit {NEW}: flant_gitops_git_repo_url: gone"),
    ],
)
def test_r25_failure_names_the_variables(steps: dict[str, object], sentence: str) -> None:
    assert acted(settings=replace(SETTINGS, trusted=WHO), **steps).sentence == sentence


@pytest.mark.parametrize(
    ("result", "refusal"),
    [
        ({}, ""),
        (None, ""),
        ({"rc": 3}, ""),
        ({"msg": "Words."}, "Words."),
        (
            {"msg": "MODULE FAILURE\nSee stdout/stderr", "module_stderr": "Traceback\n  ...\nMemoryError: no\n"},
            "MODULE FAILURE See stdout/stderr MemoryError: no",
        ),
        ({"module_stderr": "", "module_stdout": "Killed\n"}, "the module failed. Killed"),
        ({"msg": "All of it: Killed", "module_stderr": "Killed"}, "All of it: Killed"),
        ({"module_stderr": "x\x1b[2Jy"}, "the module failed. x\ufffd[2Jy"),
        ({"exception": "(traceback unavailable)"}, "the module failed."),
        ({"failed_when_suppressed_exception": "(traceback unavailable)"}, "the module failed."),
    ],
)
def test_r21_module_that_could_not_start_is_told(result: dict[str, object] | None, refusal: str) -> None:
    assert Step(result).refusal == refusal


@pytest.mark.parametrize(
    ("remembered", "period", "due"),
    [
        ({}, 60, True),
        ({"last_poll_at": "2026-11-28T11:59:30Z"}, 0, True),
        ({"last_poll_at": "2026-11-28T11:59:30Z"}, 60, False),
        ({"last_poll_at": "2026-11-28T11:59:00Z"}, 60, True),
        ({"last_poll_at": "2026-11-28T12:00:01.5Z"}, 60, True),
        ({"last_poll_at": NOW_IN_WORDS}, 60, True),
        ({"last_poll_at": "2026-11-28T12:00:00Z"}, 60, False),
    ],
)
def test_r7_poll_is_due(remembered: dict[str, object], period: float, due: bool) -> None:
    settings = replace(SETTINGS, poll_period=period)
    assert follows(settings, remembered).polls == due
    assert not follows(replace(settings, suspend="frozen"), remembered).polls


@pytest.mark.parametrize("at", [None, NEVER, "2026-11-28T11:59:59Z", "2026-11-28T12:00:00Z", "2026-11-28T12:00:01Z"])
@pytest.mark.parametrize("ttl", ["", "24h"])
def test_rotation_is_due(at: str | None, ttl: str) -> None:
    remembered = {**REMEMBERED, **({"secret_id_rotate_at": at} if at else {})}
    settings = replace(WITH_FILE, secret_id_ttl=ttl)
    due = at is None or (at == NEVER and ttl != "") or at <= "2026-11-28T12:00:00Z"
    for polled in (
        {"poll": QUIET},
        {"poll": HELD},
        {"poll": REFUSED},
        {"poll": SKIPPED},
        {"poll": POLLED, "prepare": REFUSED},
    ):
        assert follows(settings, remembered, **polled).rotates == due
    assert follows(settings, remembered, poll=QUIET).quiet != due
    assert not follows(settings, remembered, poll=QUIET, wrap=TOKENS).rotates
    assert not follows(settings, remembered, poll=QUIET, check_mode=True).rotates
    assert not follows(settings, remembered, poll=LOOKED_AT).rotates
    assert not follows(SETTINGS, remembered, poll=QUIET).rotates


@pytest.mark.parametrize(
    ("steps", "due"),
    [
        ({"poll": QUIET}, ()),
        ({"poll": REFUSED}, ()),
        ({"poll": {**REFUSED, "previous_commit": OLD}}, ()),
        ({"poll": POLLED}, ("prepares",)),
        ({"poll": POLLED, "gone": CONTENT}, ()),
        ({"poll": POLLED, "gone": OLD}, ("prepares",)),
        ({"poll": POLLED, "prepare": REFUSED}, ("prepares",)),
        ({"poll": POLLED, "prepare": {**FREE, **REFUSED}}, ("prepares",)),
        ({"poll": POLLED, "prepare": FREE}, ("begins", "prepares", "starts", "wraps")),
        ({"poll": POLLED, "prepare": {"existing": "other_exited"}}, ("begins", "prepares", "starts", "wraps")),
        ({"poll": POLLED, "prepare": SAME}, ("adopts", "begins", "prepares", "starts")),
        ({"poll": POLLED, "prepare": RUNNING}, ("prepares",)),
        ({"poll": POLLED, "prepare": FREE, "wrap": TOKENS}, ("begins", "prepares", "starts", "wraps")),
        ({"poll": POLLED, "prepare": FREE, "wrap": REFUSED}, ("begins", "prepares", "wraps")),
        ({"poll": POLLED, "prepare": FREE, "begin": REFUSED}, ("begins", "prepares")),
        ({"poll": POLLED, "prepare": FREE, "check_mode": True}, ("prepares", "wraps")),
        ({"poll": LOOKED_AT, "prepare": FREE}, ("prepares", "wraps")),
    ],
)
def test_what_comes_before_the_start(steps: dict[str, object], due: tuple[str, ...]) -> None:
    found = follows(WITH_VAULT, **steps)
    assert {name for name in ("prepares", "begins", "wraps", "starts", "adopts") if getattr(found, name)} == set(due)
    assert not follows(SETTINGS, **steps).wraps


@pytest.mark.parametrize(
    ("steps", "due"),
    [
        ({}, ("runs",)),
        ({"start": REFUSED}, ()),
        ({"start": {"changed": False}}, ("runs",)),
        ({"run": RAN}, ("prints", "records", "removes", "runs")),
        ({"run": {**RAN, "stdout": "", "stderr": ""}}, ("records", "removes", "runs")),
        ({"run": {**RAN, "stdout": "", "stderr": "e"}}, ("prints", "records", "removes", "runs")),
        ({"run": FAILED}, ("prints", "removes", "runs")),
        ({"run": REFUSED}, ("runs",)),
        ({"run": OVERTAKEN}, ("runs",)),
        ({"run": BUSY}, ("runs",)),
        ({"run": VANISHED}, ("polls_again", "runs")),
        ({"run": VANISHED, "gone": OLD}, ("runs",)),
    ],
)
def test_what_comes_from_the_start_on(steps: dict[str, object], due: tuple[str, ...]) -> None:
    names = ("runs", "prints", "records", "removes", "polls_again")
    assert {name for name in names if getattr(acted(**steps), name)} == set(due)


@pytest.mark.parametrize(("run", "printed"), [(RAN, False), (FAILED, True)])
def test_output_that_is_not_shown_is_shown_of_a_failure(run: dict[str, object], printed: bool) -> None:
    assert acted(settings=replace(SETTINGS, show_output=False), run=run).prints == printed


@pytest.mark.parametrize("run", [RAN, FAILED, OVERTAKEN, VANISHED, BUSY])
@pytest.mark.parametrize("removed", [{}, SKIPPED, REMOVED, {**REMOVED, **REFUSED}])
def test_r9_commit_is_done_only_if_it_ran_and_nothing_of_it_is_left(
    run: dict[str, object], removed: dict[str, object]
) -> None:
    ended = acted(run=run, remove=removed).ended
    assert (ended.get("last_successful_commit") == NEW) == (run is RAN and removed is REMOVED)
    assert ("last_run" in ended) == (run in (RAN, FAILED))


def test_failed_record_leaves_the_commit_undone() -> None:
    found = acted(run=RAN, record=REFUSED, remove=REMOVED)
    assert found.status == "failed"
    assert "last_successful_commit" not in found.ended


def test_last_run_is_what_the_engine_said() -> None:
    expected = {"commit": NEW, "rc": 3, "signers": ["alice"], "started_at": "s", "finished_at": "f", "image_id": "i"}
    assert acted(run=FAILED).ended["last_run"] == expected


def test_r9_container_of_a_commit_that_could_not_be_recorded_is_left_to_the_next_run() -> None:
    assert acted(run=RAN).removes
    assert not acted(run=RAN, record=REFUSED).removes


def test_r13_lock_is_what_the_target_says_and_the_content_of_the_commit() -> None:
    assert follows(poll=POLLED).lock == follows(remembered={}, poll=QUIET).lock == OURS
    assert follows(poll={**POLLED, "identity": ""}).lock == replace(OURS, identity=NEW)
    assert not follows(poll=POLLED).looks_back
    assert acted().readies


@pytest.mark.parametrize(
    ("before", "due", "lock", "swept"),
    [
        ({}, ("readies", "starts"), OURS, BEFORE),
        (FREE, ("readies", "starts"), OURS, BEFORE),
        (SAME, ("adopts", "starts"), BEFORE, BEFORE),
        (RUNNING, (), BEFORE, BEFORE),
        ({"existing": "other_exited"}, ("readies", "starts", "sweeps"), OURS, replace(BEFORE, identity="")),
        (REFUSED, (), OURS, BEFORE),
    ],
)
def test_r13_what_the_version_before_has_started_is_waited_for_or_removed(
    before: dict[str, object], due: tuple[str, ...], lock: Lock, swept: Lock
) -> None:
    found = acted(poll=TAKEN_OVER, before=before)
    assert found.looks_back
    assert {name for name in ("adopts", "readies", "starts", "sweeps") if getattr(found, name)} == set(due)
    assert (found.lock, found.lock_before, found.swept) == (lock, BEFORE, swept)
    assert found.status == ("busy" if before is RUNNING else "failed" if before is REFUSED else "new")
    assert found.step == ("prepare" if before is REFUSED else "")
    assert not acted(poll=TAKEN_OVER, before=before, check_mode=True).sweeps


@pytest.mark.parametrize(("sweep", "remembered"), [(REMOVED, OLD), (REFUSED, None)])
def test_r12_what_the_version_before_has_recorded_is_cleared_up(
    sweep: dict[str, object], remembered: str | None
) -> None:
    polled = {**QUIET, "git_dir_taken_over": True}
    found = follows(remembered={}, poll=polled, clear=REMOVED, sweep=sweep)
    assert (found.clears, found.sweeps, found.swept) == (True, True, replace(BEFORE, identity=OLD))
    assert found.ended.get("last_successful_commit") == remembered
    assert not follows(poll=polled).sweeps
    assert not follows(remembered={}, poll=QUIET).sweeps


WRAPPING = {"name": "a", "token": "t", "login": False}
WRAPPED = {**TOKENS, "revocable": [WRAPPING], "requests": [{"expires_at": "2026-11-28T12:05:00Z"}]}


def test_v19_container_is_removed_before_the_tokens_end() -> None:
    broken = acted(settings=WITH_VAULT, wrap=WRAPPED, run=REFUSED)
    assert (broken.removes, broken.revokes, broken.tokens) == (True, False, [])
    gone = acted(settings=WITH_VAULT, wrap=WRAPPED, run=REFUSED, remove=REMOVED)
    assert (gone.revokes, gone.tokens) == (True, [WRAPPING])
    assert not acted(settings=WITH_VAULT, wrap=WRAPPED, run=REFUSED, remove=REMOVED, check_mode=True).revokes
    everything = replace(WITH_VAULT, revoke_on_failure="all")
    login = {**WRAPPED, "revocable": [{**WRAPPING, "login": True}]}
    assert acted(settings=everything, wrap=login, run=FAILED, remove=REMOVED).tokens == [WRAPPING]


def test_v19_what_could_not_be_ended_is_told_beside_the_failure() -> None:
    found = acted(settings=WITH_VAULT, wrap=WRAPPED, run=FAILED, remove=REMOVED, revoke=REFUSED)
    assert (found.status, found.step) == ("failed", "run")
    assert found.sentence == (
        f"commit {NEW}: The command ended with 3; its tokens could not be ended and live on until 2026-11-28T12:05:00Z"
    )


@pytest.mark.parametrize(
    ("steps", "amends"),
    [
        ({"run": RAN, "remove": REMOVED}, False),
        ({"run": FAILED, "remove": REMOVED}, False),
        ({"run": RAN, "remove": REFUSED}, True),
        ({"clear": REFUSED}, True),
        ({"sweep": REFUSED}, True),
        ({"settings": WITH_VAULT, "wrap": TOKENS_LEFT, "run": FAILED, "remove": REMOVED}, False),
        ({"settings": WITH_VAULT, "wrap": TOKENS_LEFT, "run": FAILED, "remove": REFUSED}, True),
        ({"settings": WITH_VAULT, "wrap": TOKENS_LEFT, "run": FAILED, "remove": REMOVED, "revoke": REFUSED}, True),
    ],
)
def test_v19_target_is_told_what_came_to_light_after_the_output_was_kept(
    steps: dict[str, object], amends: bool
) -> None:
    assert acted(**steps).amends == amends


@pytest.mark.parametrize(
    ("steps", "said"),
    [({}, ""), ({"keep": REFUSED}, "It went wrong."), ({"keep": SKIPPED, "amend": REFUSED}, "It went wrong.")],
)
def test_what_could_not_be_kept_is_told_and_fails_nothing(steps: dict[str, object], said: str) -> None:
    told = acted(run=RAN, remove=REMOVED, **steps)
    assert (told.unkept, told.complains) == (said, said != "")
    assert (told.fails, told.ends_well) == (False, True)


def test_v19_tokens_of_a_run_that_was_taken_up_are_asked_for_where_it_failed() -> None:
    assert acted(prepare=SAME, run=FAILED).reveals
    assert not acted(prepare=SAME, run=RAN).reveals
    assert not acted(prepare=FREE, run=FAILED).reveals


@pytest.mark.parametrize(("existing", "action"), [("same", "adopt"), ("none", "run"), ("other_exited", "run")])
def test_run_that_is_there_is_taken_up_and_any_other_started(existing: str, action: str) -> None:
    assert acted(prepare={"existing": existing}).action == action


def test_output_is_kept_of_commands_that_ended() -> None:
    expected = {"commit": NEW, "rc": 3, "signers": ["alice"], "started_at": "s", "finished_at": "f"}
    expected |= {"stdout": "hello", "stderr": ""}
    assert acted(run=FAILED).output == expected
    assert acted(run=REFUSED).output == {}


def test_second_container_that_is_gone_fails() -> None:
    found = follows(poll=POLLED, gone=CONTENT)
    assert (found.status, found.step, found.polls_again) == ("failed", "run", False)
    assert NEW in found.sentence
    other = acted(prepare=SAME, run=VANISHED, gone=OLD)
    assert (other.status, other.step, other.polls_again) == ("failed", "run", False)
    assert NEW in other.sentence


@pytest.mark.parametrize(
    ("settings", "steps", "reruns", "resumes"),
    [
        (SETTINGS, {}, False, False),
        (RERUN, {}, True, False),
        (SETTINGS, {"poll": QUIET}, False, False),
        (SETTINGS, {"poll": OPEN}, True, True),
        (SETTINGS, {"poll": {**OPEN, "status": "awaiting_signatures"}}, False, False),
        (SETTINGS, {"poll": RERUN_POLLED}, False, False),
        (RERUN, {"poll": OPEN, "gone": AGAIN}, False, False),
    ],
)
def test_r31_a_rerun_is_asked_for_and_taken_up(
    settings: Settings, steps: dict[str, object], reruns: bool, resumes: bool
) -> None:
    found = follows(settings, **steps)
    assert (found.reruns, found.resumes) == (reruns, resumes)
    assert not (found.quiet and resumes)
    assert not found.clears


def test_r31_a_rerun_is_a_run_of_its_own() -> None:
    found = acted(poll=RERUN_POLLED, run=RAN, record={"changed": True}, remove=REMOVED)
    assert found.lock == replace(OURS, identity=AGAIN)
    assert (found.status, found.sentence) == ("processed", f"commit {OLD} ran again with rc 0, signed by alice")
    assert found.records
    assert found.ended.items() >= {"last_successful_commit": OLD, "last_rerun": AGAIN}.items()
    assert "last_rerun" not in acted(poll=RERUN_POLLED, run=FAILED, remove=REMOVED).ended
    assert "last_rerun" not in acted(run=RAN, remove=REMOVED).ended


@pytest.mark.parametrize(
    ("remembered", "poll", "identity"),
    [
        ({}, {}, AGAIN),
        ({"last_rerun": f"{CONTENT}+6"}, {}, AGAIN),
        ({"last_rerun": AGAIN}, {}, ""),
        ({"last_rerun": AGAIN, "last_successful_commit": NEW}, {}, CONTENT),
        ({"last_successful_commit": NEW}, {}, AGAIN),
        ({"last_successful_commit": NEW}, {"last_rerun": f"{'d' * 64}+7"}, CONTENT),
        ({}, {"open": AGAIN}, ""),
        ({}, {"content_id": ""}, AGAIN),
    ],
)
def test_r31_a_rerun_that_was_cut_off_behind_its_record_is_cleared_up(
    remembered: dict[str, object], poll: dict[str, object], identity: str
) -> None:
    known, answer = {**REMEMBERED, **remembered}, {**QUIET, "last_rerun": AGAIN, **poll}
    found = follows(remembered=known, poll=answer)
    assert (found.clears, found.lock.identity) == (identity != "", identity)
    assert not follows(remembered=known, poll={**answer, "status": "held"}).clears
    ended = follows(remembered=known, poll=answer, clear=REMOVED).ended
    assert (ended["last_successful_commit"], ended["last_rerun"]) == (OLD, answer["last_rerun"])


def test_r31_a_rerun_whose_container_is_gone_is_asked_for_once() -> None:
    waited = acted(poll=RERUN_POLLED, prepare=SAME, run=VANISHED)
    assert (waited.status, waited.polls_again) == ("gone", True)
    over = follows(RERUN, {**REMEMBERED, "last_rerun": AGAIN}, poll={**QUIET, "last_rerun": AGAIN}, gone=AGAIN)
    assert (over.status, over.fails, over.prepares) == ("unchanged", False, False)
    cancelled = follows(RERUN, poll=OPEN, gone=AGAIN)
    assert (cancelled.status, cancelled.step, cancelled.polls_again) == ("failed", "run", False)
    assert cancelled.sentence == GONE.replace(NEW, OLD)


@pytest.mark.parametrize("remembered", ["", OLD])
def test_r12_quiet_poll_of_another_commit_than_remembered_was_cut_off(remembered: str) -> None:
    known = {"last_successful_commit": remembered}
    found = follows(remembered=known, poll=QUIET)
    assert found.clears == (remembered != OLD)
    assert found.quiet != found.clears
    assert not follows(remembered=known, poll=QUIET, check_mode=True).clears
    assert not follows(remembered=known, poll=POLLED).clears
    assert not follows(remembered=known, poll=HELD).clears
    assert not follows(remembered=known, poll={**REFUSED, "previous_commit": OLD}).clears
    assert not follows(remembered=known, poll={**QUIET, "previous_commit": ""}).clears
    assert not follows(remembered=known, poll={**QUIET, "content_id": ""}).clears
    cleared = follows(remembered=known, poll=QUIET, clear=REMOVED).ended
    assert cleared["last_successful_commit"] == OLD


def test_r12_result_of_a_commit_that_a_killed_run_has_recorded_is_kept() -> None:
    left = {"remembered": {}, "poll": QUIET, "clear": REMOVED}
    found = follows(recover=RAN, **left)
    assert (found.status, found.step, found.takes_up, found.records) == ("unchanged", "", True, False)
    assert (found.output["commit"], found.output["rc"], found.output["stdout"]) == (OLD, 0, "hello")
    assert found.ended["last_run"]["commit"] == found.ended["last_successful_commit"] == OLD
    gone = follows(recover=VANISHED, **left)
    assert (gone.takes_up, gone.output, gone.complains) == (False, {}, False)
    refused = follows(recover=REFUSED, **left)
    assert (refused.step, refused.takes_up, refused.unkept) == ("", False, "It went wrong.")


@pytest.mark.parametrize(
    ("polled", "failures", "left"),
    [(QUIET, 2, 0), (WAITING, 2, 0), (HELD, 2, 2), (SKIPPED, 2, 2), (SKIPPED, 0, 0), (REFUSED, 2, 3)],
)
def test_failures_are_counted_until_a_poll_is_quiet(polled: dict[str, object], failures: int, left: int) -> None:
    found = follows(remembered={**REMEMBERED, "consecutive_failures": failures}, poll=polled)
    assert found.ended["consecutive_failures"] == left
    assert found.quiet == (left == failures)


@pytest.mark.parametrize("call", ["wrap", "rotate"])
def test_next_rotation_is_remembered_where_the_secret_id_has_a_file(call: str) -> None:
    at = {"secret_id_rotate_at": TOKENS["secret_id_rotate_at"]}
    found = follows(WITH_FILE, poll=POLLED, prepare=FREE, **{call: TOKENS})
    assert found.ended.items() >= at.items()
    assert found.started == {"last_started_commit": NEW, "open_run": 1, **at}
    assert follows(SETTINGS, poll=POLLED, **{call: TOKENS}).started == {"last_started_commit": NEW, "open_run": 1}
    never = follows(WITH_FILE, poll=POLLED, **{call: {"env": {}}})
    assert never.ended["secret_id_rotate_at"] == NEVER
    assert "secret_id_rotate_at" not in follows(WITH_FILE, poll=POLLED, **{call: REFUSED}).ended


@pytest.mark.parametrize(("remembered", "last"), [({}, "c"), ({"last_successful_commit": OLD}, OLD)])
def test_initial_commit_counts_where_none_is_remembered(remembered: dict[str, object], last: str) -> None:
    assert follows(replace(SETTINGS, initial_commit="c"), remembered).last_commit == last


@pytest.mark.parametrize(("poll", "check_mode"), [(POLLED, True), (LOOKED_AT, False)])
def test_check_mode_starts_nothing(poll: dict[str, object], check_mode: bool) -> None:
    found = follows(WITH_FILE, poll=poll, prepare=FREE, check_mode=check_mode)
    assert {found.starts, found.records, found.rotates, found.clears} == {False}


@pytest.mark.parametrize(("check_mode", "remembers"), [(True, False), (False, True)])
def test_check_mode_remembers_nothing(check_mode: bool, remembers: bool) -> None:
    assert follows(poll=POLLED, check_mode=check_mode).remembers == remembers


@pytest.mark.parametrize(("poll", "well"), [(QUIET, True), (REFUSED, False)])
def test_run_ends_well_or_fails(poll: dict[str, object], well: bool) -> None:
    ended = follows(poll=poll)
    assert (ended.ends_well, ended.fails) == (well, not well)


def test_rotation_that_is_refused_is_told_while_another_run_goes_on() -> None:
    found = acted(prepare=RUNNING, rotate=REFUSED)
    assert (found.status, found.step, found.sentence) == ("failed", "rotate", "It went wrong")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (SETTINGS, ""),
        (WITH_VAULT, "; its container may be there still, so its tokens live on until their wrap_ttl is over"),
    ],
)
def test_v19_tokens_of_a_run_that_was_taken_up_live_on_only_where_it_had_any(settings: Settings, told: str) -> None:
    left = acted(settings=settings, prepare=SAME, run={**FAILED, "adopted": True}, remove=REFUSED)
    assert left.sentence == f"commit {NEW}: The command ended with 3{told}"


def test_rc_0_is_remembered_as_a_number() -> None:
    ran = acted(run=RAN)
    assert (ran.output["rc"], ran.ended["last_run"]["rc"]) == (0, 0)


WAITS = f"commit {NEW} waits until 2026-11-28T12:01:00Z, as flant_gitops_windows says"
NEXT = ("prepares", "readies", "begins", "wraps", "starts", "adopts", "archive", "rotates", "quiet")


def due(found: Course) -> set[str]:
    return {name for name in NEXT if getattr(found, name)}


@pytest.mark.parametrize(
    ("settings", "remembered", "steps", "status", "sentence", "expected"),
    [
        (CLOSED, ELSE_BEGUN, {"poll": FOUND}, "waiting_for_window", WAITS, {"readies"}),
        (
            FROZEN,
            ELSE_BEGUN,
            {"poll": FOUND},
            "waiting_for_window",
            f"commit {NEW} waits until 2026-11-30T00:00:00Z, as flant_gitops_freezes says: Sale",
            {"readies"},
        ),
        (OPEN_NOW, ELSE_BEGUN, {"poll": POLLED}, "new", f"commit {NEW} would run", {"prepares", "readies", "archive"}),
        (CLOSED, ELSE_BEGUN, {"poll": QUIET}, "unchanged", f"main stands at {OLD}", {"readies", "quiet"}),
        (CLOSED, ELSE_BEGUN, {"poll": FOUND, "check_mode": True}, "waiting_for_window", WAITS, {"readies"}),
        # What was started before is taken up, waited for, or not there; nobody may remember that it was
        (CLOSED, BEGUN, {"poll": FOUND}, "waiting_for_window", WAITS, {"prepares", "readies"}),
        (CLOSED, {}, {"poll": FOUND}, "waiting_for_window", WAITS, {"prepares", "readies"}),
        (CLOSED, BEGUN, {"poll": FOUND, "prepare": FREE}, "waiting_for_window", WAITS, {"prepares", "readies"}),
        (
            CLOSED,
            BEGUN,
            {"poll": FOUND, "prepare": {"existing": "other_exited"}},
            "waiting_for_window",
            WAITS,
            {"prepares", "readies"},
        ),
        (
            CLOSED,
            BEGUN,
            {"poll": FOUND, "prepare": SAME},
            "new",
            f"commit {NEW} would run",
            {"prepares", "readies", "begins", "starts", "adopts"},
        ),
        (
            CLOSED,
            BEGUN,
            {"poll": FOUND, "prepare": SAME, "run": RAN},
            "processed",
            f"commit {NEW} ran with rc 0, signed by alice",
            {"prepares", "readies", "begins", "starts", "adopts"},
        ),
        (
            CLOSED,
            BEGUN,
            {"poll": FOUND, "prepare": RUNNING},
            "busy",
            f"another run has been going on since 10:00, commit {NEW} waits",
            {"prepares", "readies"},
        ),
        # The commit that may go on; another one may not, and no archive is missed by looking at it
        (
            replace(CLOSED, window_override=NEW),
            ELSE_BEGUN,
            {"poll": POLLED},
            "new",
            f"commit {NEW} would run",
            {"prepares", "readies", "archive"},
        ),
        (
            replace(CLOSED, window_override=OLD),
            ELSE_BEGUN,
            {"poll": POLLED},
            "waiting_for_window",
            WAITS,
            {"readies", "archive"},
        ),
        (
            replace(CLOSED, window_override=NEW),
            ELSE_BEGUN,
            {"poll": FOUND, "prepare": FREE},
            "new",
            f"commit {NEW} would run",
            {"prepares", "readies", "archive"},
        ),
    ],
)
def test_nothing_is_started_outside_the_windows(
    settings: Settings,
    remembered: dict[str, object],
    steps: dict[str, object],
    status: str,
    sentence: str,
    expected: set[str],
) -> None:
    found = follows(settings, remembered, **steps)
    assert (found.status, found.sentence, found.fails) == (status, sentence, False)
    assert due(found) == expected


def test_no_token_is_asked_for_outside_the_windows() -> None:
    closed = replace(CLOSED, requests=1)
    assert follows(replace(OPEN_NOW, requests=1), BEGUN, poll=POLLED, prepare=FREE).wraps
    for existing in ("none", "other_exited", "other_running", "same"):
        assert not follows(closed, BEGUN, poll=FOUND, prepare={"existing": existing}).wraps
    assert not follows(replace(closed, window_override=OLD), BEGUN, poll=POLLED, prepare=FREE).wraps


def test_windows_rule_over_a_rerun() -> None:
    again = {**RERUN_POLLED, "archive": ""}
    assert follows(CLOSED, ELSE_BEGUN, poll=OPEN).resumes
    assert follows(CLOSED, ELSE_BEGUN, poll=again, prepare=FREE).status == "waiting_for_window"
    assert not follows(CLOSED, ELSE_BEGUN, poll=again, prepare=FREE).begins
    assert follows(CLOSED, ELSE_BEGUN, poll=again, prepare=SAME).adopts


def test_a_wait_neither_counts_as_a_failure_nor_ends_one() -> None:
    failed = {**ELSE_BEGUN, "consecutive_failures": 3}
    assert follows(CLOSED, failed, poll=FOUND).ended["consecutive_failures"] == 3
    assert follows(CLOSED, failed, poll=QUIET).ended["consecutive_failures"] == 0
    assert follows(CLOSED, failed, poll=FOUND, prepare=RUNNING).ended["consecutive_failures"] == 3
    assert follows(CLOSED, failed, poll=FOUND, prepare=SAME, run=RAN).ended["consecutive_failures"] == 0


def test_a_secret_id_is_rotated_outside_the_windows() -> None:
    settings = replace(CLOSED, secret_id_file="/secret-id")
    assert follows(settings, ELSE_BEGUN, poll=FOUND).rotates
    assert follows(settings, ELSE_BEGUN, poll=FOUND, rotate=REFUSED).fails


TOLD = replace(SETTINGS, on_end=True, host="web1")


def remembering(status: str, **others: object) -> dict[str, object]:
    return {**REMEMBERED, "status": status, **others}


@pytest.mark.parametrize(
    ("before", "steps", "told"),
    [
        # a plainly quiet poll, whatever quiet one or run was before it
        ("unchanged", {"poll": QUIET}, False),
        ("processed", {"poll": QUIET}, False),
        ("superseded", {"poll": QUIET}, False),
        ("", {"poll": QUIET}, False),
        ("awaiting_signatures", {"poll": WAITING}, False),
        ("held", {"poll": HELD}, False),
        ("suspended", {"settings": replace(TOLD, suspend="frozen")}, False),
        ("failed", {"poll": SKIPPED}, False),  # nothing was asked
        # another status
        ("failed", {"poll": QUIET}, True),
        ("awaiting_signatures", {"poll": QUIET}, True),
        ("processed", {"poll": WAITING}, True),
        ("", {"poll": WAITING}, True),
        ("unchanged", {"poll": HELD}, True),
        ("held", {"poll": QUIET}, True),
        ("unchanged", {"settings": replace(TOLD, suspend="frozen")}, True),
        ("unchanged", {"poll": REFUSED}, True),
        ("failed", {"poll": REFUSED}, False),
        ("unchanged", {"poll": POLLED, "prepare": RUNNING}, True),
        ("busy", {"poll": POLLED, "prepare": RUNNING}, False),
        # a run, whatever was before it
        ("processed", {"poll": POLLED, "prepare": FREE, "run": RAN}, True),
        ("failed", {"poll": POLLED, "prepare": FREE, "run": FAILED}, True),
        ("unchanged", {"remembered": {}, "poll": QUIET, "recover": RAN, "clear": REMOVED}, True),
        # one that only looks
        ("unchanged", {"poll": POLLED, "check_mode": True}, False),
        ("unchanged", {"poll": WAITING, "check_mode": True}, False),
    ],
)
def test_own_tasks_are_called_of_a_run_and_of_another_status(before: str, steps: dict[str, object], told: bool) -> None:
    found = follows(**{"settings": TOLD, "remembered": remembering(before), **steps})
    assert found.tells == told
    assert not (found.quiet and found.tells)
    nobodys = replace(steps.get("settings", SETTINGS), on_end=False)
    silent = follows(**{"remembered": remembering(before), **steps, "settings": nobodys})
    assert (silent.tells, silent.event) == (False, {})


@pytest.mark.parametrize("poll", [QUIET, WAITING, HELD])
def test_another_status_costs_a_quiet_poll_something_only_where_it_is_told(poll: dict[str, object]) -> None:
    stood = "held" if poll is not HELD else "unchanged"
    assert follows(SETTINGS, remembering(stood), poll=poll).quiet
    assert not follows(TOLD, remembering(stood), poll=poll).quiet
    assert follows(TOLD, remembering(str(poll["status"])), poll=poll).quiet


def test_failure_of_a_version_that_remembered_no_status_is_not_told_again() -> None:
    failing = {**REMEMBERED, "consecutive_failures": 2}
    assert not follows(TOLD, failing, poll=REFUSED).tells
    mended = follows(TOLD, failing, poll=QUIET)
    assert (mended.tells, mended.event["previous_status"]) == (True, "failed")


def test_status_is_remembered_and_what_was_before_it_is_still_told() -> None:
    found = follows(TOLD, remembering("failed"), poll=QUIET)
    assert found.ended["status"] == "unchanged"
    after = follows(TOLD, remembering("unchanged"), poll=QUIET, remember={"before": remembering("failed")})
    assert after.tells
    assert (after.event["status"], after.event["previous_status"]) == ("unchanged", "failed")
    first = follows(TOLD, remembering("held"), poll=HELD, remember={"before": {}})
    assert (first.tells, first.event["previous_status"]) == (True, "")


@pytest.mark.parametrize(
    "steps", [{"poll": SKIPPED}, {"poll": POLLED, "prepare": SAME, "run": VANISHED}, {"poll": POLLED, "prepare": FREE}]
)
def test_status_that_passes_is_not_remembered(steps: dict[str, object]) -> None:
    assert "status" not in follows(TOLD, remembering("failed"), **steps).ended


@pytest.mark.parametrize(
    ("steps", "status", "reason"),
    [
        ({"poll": REFUSED}, "failed", "poll"),
        ({"poll": WAITING}, "awaiting_signatures", "awaiting_signatures"),
        ({"poll": POLLED, "prepare": REFUSED}, "failed", "prepare"),
        ({"poll": POLLED, "prepare": FREE, "wrap": REFUSED}, "failed", "wrap"),
        ({"poll": POLLED, "prepare": FREE, "run": REFUSED}, "failed", "run"),
        ({"poll": POLLED, "prepare": FREE, "run": FAILED}, "failed", "rc"),
        ({"poll": POLLED, "prepare": FREE, "run": {**FAILED, "timed_out": True}}, "failed", "timeout"),
        ({"poll": POLLED, "prepare": FREE, "run": {**FAILED, "oom_killed": True}}, "failed", "out_of_memory"),
        ({"poll": POLLED, "prepare": SAME, "run": VANISHED, "gone": CONTENT}, "failed", "cancelled"),
        ({"poll": POLLED, "prepare": FREE, "run": RAN}, "processed", "processed"),
        ({"poll": POLLED, "prepare": FREE, "run": RAN, "remove": REFUSED}, "failed", "remove"),
    ],
)
def test_reason_is_one_word_of_a_closed_list(steps: dict[str, object], status: str, reason: str) -> None:
    event = follows(TOLD, remembering("held"), **steps).event
    assert (event["status"], event["reason"]) == (status, reason)
    assert reason in REASONS


def test_event_of_a_run() -> None:
    found = follows(TOLD, remembering("awaiting_signatures"), poll=POLLED, prepare=FREE, run=FAILED)
    assert found.event == {
        "status": "failed",
        "previous_status": "awaiting_signatures",
        "reason": "rc",
        "detail": f"commit {NEW}: The command ended with 3",
        "instance": "default",
        "host": "web1",
        "commit": NEW,
        "signers": ["alice"],
        "rc": 3,
        "started_at": "s",
        "finished_at": "f",
    }


def test_event_without_a_run() -> None:
    waiting = follows(TOLD, remembering("unchanged"), poll=WAITING).event
    assert (waiting["commit"], waiting["rc"], waiting["signers"], waiting["finished_at"]) == (NEW, None, [], "")
    assert follows(TOLD, remembering("unchanged"), poll=REFUSED).event["commit"] == ""
    for commit, told in (("../x", ""), ("a" * 64, "a" * 64), ("a" * 63, "")):
        assert follows(TOLD, remembering("held"), poll={**QUIET, "commit": commit}).event["commit"] == told


def test_reasons_are_the_statuses_that_stand_the_steps_and_how_commands_fail() -> None:
    sentences, steps = _course._SENTENCES, _course._STEPS  # noqa: SLF001 -- no other list has all of them
    statuses = {status for status in (*sentences, "unchanged") if stands(status)}
    assert set(REASONS) == {*statuses, *steps, "rc", "timeout", "out_of_memory", "cancelled"}


HELD_BACK = {**POLLED, "changed": False, "archive": "", "attempts": 2}
NOT_YET = {**HELD_BACK, "retry_at": "2026-11-28T12:10:00Z"}
TOO_OFTEN = {**HELD_BACK, "given_up": True}
NO_TURN_YET = {**HELD_BACK, "attempts": 0, "turn_at": "2026-11-28T12:20:00Z"}
NOTHING_LEFT = {**BEGUN, "attempts": 2, "open_run": 0}
TRIED_TWICE = f"commit {NEW} has failed 2 times and waits until 2026-11-28T12:10:00Z, as flant_gitops_retry_delay says"
TURN = f"commit {NEW} waits until 2026-11-28T12:20:00Z for the turn of its host, as flant_gitops_spread says"
GIVEN_UP = (
    f"commit {NEW} has failed 2 times, as often as flant_gitops_max_attempts allows; "
    "push another one, or run flant.gitops.run_again"
)


@pytest.mark.parametrize(
    ("poll", "status", "sentence"),
    [
        (NOT_YET, "waiting_for_retry", TRIED_TWICE),
        ({**NOT_YET, "attempts": 1}, "waiting_for_retry", TRIED_TWICE.replace("2 times", "once")),
        (TOO_OFTEN, "given_up", GIVEN_UP),
        (NO_TURN_YET, "waiting_for_turn", TURN),
        ({**NO_TURN_YET, **NOT_YET}, "waiting_for_retry", TRIED_TWICE),
        ({**NO_TURN_YET, **TOO_OFTEN}, "given_up", GIVEN_UP),
    ],
)
@pytest.mark.parametrize(
    ("remembered", "steps", "expected"),
    [
        (NOTHING_LEFT, {}, set()),
        (NOTHING_LEFT, {"check_mode": True}, set()),
        # Nobody may remember that nothing is left, or it may not be so; then it is looked for, once
        (BEGUN, {}, {"prepares"}),
        ({}, {}, {"prepares"}),
        ({**BEGUN, "open_run": 1}, {"prepare": FREE}, {"prepares"}),
        ({**BEGUN, "open_run": 1}, {"prepare": {"existing": "other_exited"}}, {"prepares"}),
        (ELSE_BEGUN, {}, set()),
    ],
)
def test_nothing_is_started_while_a_commit_is_not_to_be_tried(
    poll: dict[str, object],
    status: str,
    sentence: str,
    remembered: dict[str, object],
    steps: dict[str, object],
    expected: set[str],
) -> None:
    for settings in (WITH_VAULT, replace(CLOSED, requests=1)):
        found = follows(settings, remembered, poll=poll, **steps)
        assert (found.status, found.sentence, found.fails) == (status, sentence, False)
        assert due(found) - {"archive", "readies"} == expected
        if "prepare" in steps:
            assert found.ended["open_run"] == 0


@pytest.mark.parametrize("poll", [NOT_YET, TOO_OFTEN, NO_TURN_YET])
def test_an_attempt_that_is_under_way_is_taken_up_all_the_same(poll: dict[str, object]) -> None:
    found = follows(WITH_VAULT, {**BEGUN, "open_run": 1}, poll=poll, prepare=SAME)
    assert due(found) >= {"prepares", "begins", "starts", "adopts"}
    assert not found.wraps
    assert follows(remembered=BEGUN, poll=poll, prepare=SAME, run=RAN).status == "processed"


@pytest.mark.parametrize("poll", [NOT_YET, NO_TURN_YET])
def test_a_tree_that_is_not_written_for_a_wait_is_no_sign_of_check_mode(poll: dict[str, object]) -> None:
    assert follows(remembered=NOTHING_LEFT, poll=poll).remembers
    assert not follows(remembered=NOTHING_LEFT, poll=LOOKED_AT).remembers


@pytest.mark.parametrize("poll", [NOT_YET, TOO_OFTEN, NO_TURN_YET])
def test_a_secret_id_is_rotated_while_a_commit_waits(poll: dict[str, object]) -> None:
    assert follows(WITH_FILE, NOTHING_LEFT, poll=poll).rotates


def test_a_turn_that_has_come_still_waits_for_a_window() -> None:
    come = {**POLLED, "turn_at": "", "archive": ""}
    assert follows(CLOSED, ELSE_BEGUN, poll=come).status == "waiting_for_window"
    assert follows(OPEN_NOW, ELSE_BEGUN, poll=POLLED).prepares


DUE_AGAIN = {**RERUN_POLLED, "commit": OLD}  # as the target gives it by itself, unasked


def test_a_rerun_that_the_target_finds_due_is_a_run_of_its_own() -> None:
    due_now = follows(WITH_VAULT, remembering("unchanged"), poll=DUE_AGAIN, prepare=FREE)
    assert (due_now.lock.identity, due_now.starts, due_now.wraps, due_now.reruns) == (AGAIN, True, True, False)
    ran = follows(remembered=remembering("unchanged"), poll=DUE_AGAIN, prepare=FREE, run=RAN, remove=REMOVED)
    assert (ran.status, ran.sentence) == ("processed", f"commit {OLD} ran again with rc 0, signed by alice")
    assert (ran.ended["last_successful_commit"], ran.ended["last_rerun"]) == (OLD, AGAIN)


def test_a_rerun_that_the_target_finds_due_waits_as_any_commit() -> None:
    again = {**DUE_AGAIN, "archive": ""}
    failed = {**again, "attempts": 1}
    for settings, poll, status in (
        (CLOSED, again, "waiting_for_window"),
        (FROZEN, again, "waiting_for_window"),
        (SETTINGS, {**failed, "retry_at": "2026-11-28T12:10:00Z"}, "waiting_for_retry"),
        (SETTINGS, {**failed, "given_up": True}, "given_up"),
    ):
        found = follows(replace(settings, requests=1), {**ELSE_BEGUN, "open_run": 0}, poll=poll)
        assert (found.status, found.wraps, found.starts, found.fails) == (status, False, False, False)


def test_a_rerun_that_was_cut_off_is_taken_up_where_it_is_not_due_any_more() -> None:
    assert follows(poll=OPEN).resumes
    assert follows(remembered=BEGUN, poll=DUE_AGAIN, prepare=SAME).adopts


def test_container_of_a_rerun_that_is_gone_is_not_replaced_though_it_is_still_due() -> None:
    gone = follows(poll=DUE_AGAIN, gone=AGAIN)
    assert (gone.reruns, gone.prepares, gone.status, gone.step) == (False, False, "failed", "run")


@pytest.mark.parametrize(
    ("steps", "counts"),
    [
        ({"run": FAILED}, True),
        ({"run": {**FAILED, "rc": 137, "timed_out": True}}, True),
        ({"run": {**FAILED, "rc": 0, "oom_killed": True}}, True),
        ({"prepare": SAME, "run": FAILED}, True),
        ({"run": RAN}, False),
        ({"run": {**FAILED, "rc": 255, "cut_off": True}}, False),
        ({"run": REFUSED}, False),
        ({"run": {**REFUSED, "timed_out": True}}, False),
        ({"run": OVERTAKEN}, False),
        ({"run": VANISHED}, False),
        ({"run": BUSY}, False),
        ({"start": REFUSED}, False),
        ({"prepare": REFUSED}, False),
        ({"wrap": REFUSED}, False),
        ({"begin": REFUSED}, False),
        ({"poll": REFUSED, "prepare": SKIPPED}, False),
        ({"run": RAN, "record": REFUSED}, False),
        ({"run": RAN, "remove": REFUSED}, False),
    ],
)
def test_an_attempt_is_a_started_run_that_has_ended_badly(steps: dict[str, object], counts: bool) -> None:
    assert acted(**steps).counts == counts


@pytest.mark.parametrize(
    ("remembered", "steps", "left"),
    [
        ({}, {"poll": {**POLLED, "attempts": 2}, "run": FAILED, "count": {"attempts": 3}}, 3),
        ({"attempts": 3}, {"poll": {**POLLED, "attempts": 3}, "run": FAILED, "count": {"attempts": 3}}, 3),
        ({"attempts": 2}, {"poll": {**POLLED, "attempts": 2}, "run": FAILED, "count": REFUSED}, 2),
        ({"attempts": 2}, {"poll": {**POLLED, "attempts": 2}, "run": RAN}, 0),
        ({"attempts": 2}, {"poll": QUIET, "prepare": SKIPPED}, 0),
        ({"attempts": 2}, {"poll": POLLED, "prepare": REFUSED}, 0),
        ({}, {"poll": TOO_OFTEN, "prepare": SKIPPED}, 2),
        ({"attempts": 2}, {"poll": REFUSED, "prepare": SKIPPED}, 2),
        ({"attempts": 2}, {"poll": HELD, "prepare": SKIPPED}, 2),
    ],
)
def test_attempts_are_remembered_as_the_target_says(
    remembered: dict[str, object], steps: dict[str, object], left: int
) -> None:
    known = {**REMEMBERED, **remembered}
    found = follows(remembered=known, **{"poll": POLLED, "prepare": FREE, **steps})
    assert {**known, **found.ended}.get("attempts", 0) == found.attempts == left


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ({"run": FAILED, "remove": REMOVED}, 0),
        ({"run": FAILED, "remove": {**REMOVED, **REFUSED}}, 1),
        ({"run": FAILED}, 1),
        ({"run": REFUSED}, 1),
        ({"prepare": SAME}, 1),
        ({"prepare": RUNNING}, 1),
        ({"prepare": {**FREE, **REFUSED}}, 1),
    ],
)
def test_it_is_remembered_whether_a_container_may_be_left(steps: dict[str, object], left: int) -> None:
    began = acted(start={"changed": False}, **steps)
    assert {**began.started, **began.ended}["open_run"] == left


def test_an_attempt_that_could_not_be_counted_is_told() -> None:
    found = acted(run=FAILED, count=REFUSED)
    assert (found.complains, found.unkept, found.step) == (True, "It went wrong.", "run")


def test_a_wait_for_the_next_attempt_neither_counts_as_a_failure_nor_ends_one() -> None:
    known = {**NOTHING_LEFT, "consecutive_failures": 3}
    assert follows(remembered=known, poll=NOT_YET).ended["consecutive_failures"] == 3


def test_a_turn_that_is_waited_for_is_told_once() -> None:
    for before, told in (("processed", True), ("waiting_for_turn", False)):
        found = follows(TOLD, remembering(before), poll=NO_TURN_YET)
        assert (found.tells, found.event["reason"], found.fails) == (told, "waiting_for_turn", False)
    assert "waiting_for_turn" in REASONS
    assert follows(TOLD, remembering("waiting_for_turn"), poll=DUE_AGAIN, prepare=FREE, run=RAN).tells


def test_a_wait_for_the_turn_neither_counts_as_a_failure_nor_ends_one() -> None:
    known = {**NOTHING_LEFT, "consecutive_failures": 3}
    assert follows(remembered=known, poll=NO_TURN_YET).ended["consecutive_failures"] == 3
