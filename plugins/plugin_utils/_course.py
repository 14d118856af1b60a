# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The course of one run of the role: what its steps have come to so far, and what follows from that.

Nothing is read here, not even the clock. The role hands in what it remembers and what each task has returned, and asks
again before every step; a task that was skipped or has not come yet has returned nothing. A run has one status:

    failed                                    a step was refused, and ``step`` says which
    suspended, not_due                        nothing was asked
    held                                      neither was the server, as a mark on the target says
    unchanged, awaiting_signatures            the poll found nothing to act on
    given_up                                  there is a commit that has failed too often
    waiting_for_retry, waiting_for_turn,      there is a commit, and it may not be started yet
    waiting_for_window
    new                                       there is a commit, and it is not started, or only looked at
    busy                                      another run's container is running
    superseded                                another run recorded a commit before this one could start
    gone                                      the container that this run waited for was removed
    processed                                 the commands ended with rc 0

What must hold, whatever comes between:

1. A commit is started only if no step before was refused, and nothing else runs.
2. It is recorded only if its commands ended with rc 0.
3. It is remembered as successful last of all, once its container is gone: nothing is left of it then.
4. A check mode starts, records, removes and remembers nothing.
5. A secret-id that is due is rotated, whatever else is refused, but once a run.
6. Nothing is started under the name of the version before: what stands there is taken up, waited for, or removed.
7. A rerun that was given is taken up by whoever polls next, until it is recorded, and none is given for it then.
8. Outside the windows nothing is started and no token is asked for; what was started before is taken up all the same.
   So it is where the target says that a commit is not to be tried now, not yet on this host, or not any more.
9. An attempt is counted once, and only if commands were started and have ended otherwise than with rc 0.
10. The operator's own tasks are called last of all, of a run or of another status, and by none that is plainly quiet.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.plugin_utils._event import (
    Event,
    differ,
    reason,
    result,
    stands,
    stood,
    subject,
)
from ansible_collections.flant.gitops.plugins.plugin_utils._lock import Lock, nobodys, targets
from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step
from ansible_collections.flant.gitops.plugins.plugin_utils._tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.flant.gitops.plugins.plugin_utils._keys import Trusted
    from ansible_collections.flant.gitops.plugins.plugin_utils._windows import Calendar, Wait

_GONE = (
    "commit {commit}: its container was removed before it had ended, as flant.gitops.cancel does; "
    "the next run starts the commit anew"
)
_SENTENCES = {
    "suspended": "{suspended}",
    "not_due": "the last poll was at {last_poll_at} and flant_gitops_git_poll_period is {period:g} s",
    "held": "{said}",
    "awaiting_signatures": "{said}",
    "given_up": "commit {commit} has failed {failures}, as often as flant_gitops_max_attempts allows; "
    "push another one, or run flant.gitops.run_again",
    "waiting_for_retry": "commit {commit} has failed {failures} and waits until {retry_at}, "
    "as flant_gitops_retry_delay says",
    "waiting_for_turn": "commit {commit} waits until {turn_at} for the turn of its host, as flant_gitops_spread says",
    "waiting_for_window": "commit {commit} waits until {until}, as {because}",
    "new": "commit {commit} would run",
    "busy": "another run has been going on since {since}, commit {commit} waits",
    "superseded": "another run recorded a commit first, commit {commit} was not started",
    "gone": _GONE,
    "processed": "commit {commit} ran {again}with rc 0, signed by {signers}",
}
_STEPS = ("poll", "prepare", "begin", "wrap", "start", "run", "record", "remove", "clear", "sweep", "rotate")
_TOLD_BESIDE = ("count", "revoke", "keep", "amend", "recover", "remember")
_NOT_OF_THE_COMMIT = ("poll", "clear", "sweep", "rotate")
_UNDER_WAY = ("same", "other_running")
NEVER = "9999-12-31T00:00:00Z"


@dataclass(frozen=True)
class Settings:
    """The variables that decide; ``poll_period`` in seconds, ``trusted`` for the words for a signer.

    ``tells_vault`` is whether Vault's audit log is to have a run's commit and signers, and the ``host``.

    ``container`` is the name of the instance's container, ``container_before`` the one that the version before gave it.

    ``archive`` is the file on the target that a commit's tree is to be written to.

    ``calendar`` says when anything may be started, always if it is missing; ``window_override`` is the commit that may
    be at any time.

    ``on_end`` is whether the operator has tasks of their own that are to be told how it ended.
    """

    instance: str
    container: str
    container_before: str
    suspend: str
    branch: str
    poll_period: float
    rerun: bool
    initial_commit: str
    secret_id_file: str
    secret_id_ttl: str
    requests: int
    revoke_on_failure: str
    show_output: bool
    trusted: Trusted
    archive: str = ""
    host: str = ""
    tells_vault: bool = False
    calendar: Calendar | None = None
    window_override: str = ""
    on_end: bool = False


@dataclass(frozen=True)
class Steps:
    """The tasks that decide anything, in their order, and the identity whose container was gone in the round before.

    ``before`` is the look for a run of the version before. If there is one, or nobody can tell, that is all that
    ``prepare`` says. What ``remember`` has put its own in the place of is in its answer.
    """

    before: Step
    poll: Step
    prepare: Step
    begin: Step
    wrap: Step
    start: Step
    run: Step
    record: Step
    count: Step
    remove: Step
    recover: Step
    clear: Step
    sweep: Step
    rotate: Step
    revoke: Step
    keep: Step
    amend: Step
    remember: Step
    gone: str

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Steps:
        """Take the registered variables by the steps' names."""
        found = {name: Step(results.get(name)) for name in (*_STEPS, *_TOLD_BESIDE)}
        before = Step(results.get("before"))
        if before.refusal or before.get("existing") in _UNDER_WAY:
            found["prepare"] = before
        return cls(**found, before=before, gone=results.get("gone") or "")

    @property
    def ended(self) -> Step:
        """The step that tells of commands that have ended: this run's, or those that a killed run has recorded."""
        return self.run if "rc" in self.run else self.recover

    @property
    def inherits(self) -> bool:
        """Whether the run that there is was started by the version before."""
        return self.before.get("existing") in _UNDER_WAY


@dataclass(frozen=True)
class Course:
    """What follows: what is due, how it stands, and what is to be remembered at two points of the run."""

    polls: bool
    last_commit: str
    archive: str
    reruns: bool
    quiet: bool
    resumes: bool
    lock: Lock
    lock_before: Lock
    swept: Lock
    prepares: bool
    looks_back: bool
    readies: bool
    begins: bool
    wraps: bool
    metadata: dict[str, str]
    starts: bool
    runs: bool
    adopts: bool
    action: str
    prints: bool
    records: bool
    counts: bool
    removes: bool
    reveals: bool
    revokes: bool
    tokens: list[dict[str, object]]
    takes_up: bool
    clears: bool
    sweeps: bool
    rotates: bool
    mends: bool
    polls_again: bool
    amends: bool
    remembers: bool
    complains: bool
    unkept: str
    fails: bool
    ends_well: bool
    status: str
    step: str
    sentence: str
    ending: str
    attempts: int
    output: dict[str, object]
    started: dict[str, object]
    ended: dict[str, object]
    tells: bool
    event: dict[str, object]


def course(
    settings: Settings, remembered: Mapping[str, Any], steps: Steps, now: datetime, *, check_mode: bool
) -> Course:
    """Return what follows from what is ``remembered`` of the instance and what the ``steps`` have come to."""
    poll, run = steps.poll, steps.run
    last_commit = remembered.get("last_successful_commit") or settings.initial_commit
    failures = remembered.get("consecutive_failures", 0)
    asked = bool(poll) and poll.get("status") != "held"
    wait = settings.calendar.wait(now) if settings.calendar else None
    archives = not wait or settings.window_override != ""
    held_back = _held_back(poll)
    attempts = _attempts(steps) if asked and not poll.refusal else remembered.get("attempts", 0)
    # Ansible tells of --check alone; a task's own check_mode shows in a new commit's tree, which is not written then.
    only_looks = check_mode or (poll.get("status") == "new" and archives and not held_back and not poll.get("archive"))
    found = poll.get("status") == "new" and not poll.refusal
    wait = wait if found and poll.get("commit") != settings.window_override else None
    pause = held_back or ("waiting_for_window" if wait else "")
    prepared = bool(steps.prepare) and not steps.prepare.refusal
    may_go = pause == "" or steps.prepare.get("existing") == "same"
    free = prepared and may_go and not only_looks and steps.prepare.get("existing") != "other_running"
    went = not steps.begin.refusal and not steps.wrap.refusal
    status = _status(settings, steps, only_looks=only_looks, pause="" if may_go else pause)
    step = _refused_step(steps) or ("run" if status == "gone" and steps.gone else "")
    succeeded = status == "processed" and step in ("", *_NOT_OF_THE_COMMIT)
    status = "failed" if step else status
    resumes = _is_open(poll) and not steps.gone
    identity = _identity(remembered, poll, last_commit)
    clears = asked and not poll.refusal and not found and not check_mode and identity != ""
    rotates = not only_looks and not steps.wrap and _rotation_is_due(settings, remembered, now)
    removed = "existing" in steps.remove and not steps.remove.refusal
    tokens = Tokens(settings.requests > 0, steps.wrap, steps.start, run, steps.remove, steps.revoke)
    due = [] if only_looks else tokens.due(settings.revoke_on_failure)
    cleared = "existing" in steps.clear and not steps.sweep.refusal
    before = nobodys(settings.container_before, poll.get("commit"))
    said = _failure(settings, steps, step) if step else _sentence(settings, remembered, steps, status, wait)
    left = tokens.left(due)
    unkept = steps.keep.refusal or steps.amend.refusal or steps.recover.refusal or steps.count.refusal
    amends = any((steps.remove.refusal, steps.clear.refusal, steps.sweep.refusal, left))
    found_before = steps.before.get("existing") == "other_exited"
    taken_over = bool(poll.get("git_dir_taken_over", default=False))
    previous = stood(steps.remember.get("before", default={}) if "before" in steps.remember else remembered)
    turned = settings.on_end and not only_looks and differ(previous, status)
    sentence = "; ".join(filter(None, (said, left)))
    return Course(
        polls=not settings.suspend and _poll_is_due(settings, remembered, now),
        last_commit=last_commit,
        archive=settings.archive if archives else "",
        reruns=not steps.gone and (settings.rerun or resumes),
        quiet=not (found or poll.refusal or clears or rotates or resumes or turned or (failures and asked)),
        resumes=resumes,
        lock=before if steps.inherits else targets(settings.container, settings.instance, poll, identity),
        lock_before=before,
        swept=replace(before, identity="") if found_before else before,
        prepares=found and identity != steps.gone and (pause == "" or _may_be_under_way(remembered, poll)),
        looks_back=taken_over,
        readies=not steps.inherits and not steps.before.refusal,
        begins=free,
        wraps=prepared
        and may_go
        and not steps.begin.refusal
        and settings.requests > 0
        and steps.prepare.get("existing") in ("none", "other_exited"),
        metadata=_metadata(settings, steps) if settings.tells_vault else {},
        starts=free and went,
        runs=not steps.start.refusal,
        adopts=steps.prepare.get("existing") == "same",
        action="adopt" if steps.prepare.get("existing") == "same" else "run",
        prints=bool(run.get("stdout") or run.get("stderr")) and (settings.show_output or bool(run.refusal)),
        records="rc" in run and status == "processed",
        counts="rc" in run and run.refusal != "" and not run.get("cut_off"),
        removes=("rc" in run or tokens.in_doubt) and not steps.record.refusal,
        reveals=steps.prepare.get("existing") == "same" and bool(run.refusal),
        revokes=due != [],
        tokens=due,
        takes_up="rc" in steps.recover,
        clears=clears,
        sweeps=taken_over and (clears or (found_before and not only_looks)),
        rotates=rotates,
        mends=clears or due != [] or taken_over or amends or unkept != "",
        polls_again=status == "gone",
        amends=amends,
        remembers=not only_looks,
        complains=unkept != "",
        unkept=unkept,
        fails=step != "",
        ends_well=step == "",
        status=status,
        step=step,
        sentence=sentence,
        ending=f"{settings.instance}: status: {status}, {sentence}",
        attempts=attempts,
        output=_output(steps),
        started={"last_started_commit": poll.get("commit"), "open_run": 1, **_rotated(settings, steps)},
        ended={
            **_rotated(settings, steps),
            **_last_run(steps),
            **(_finished(poll, poll.get("commit")) if removed and succeeded else {}),
            **(_finished(poll, poll.get("previous_commit")) if cleared else {}),
            **({"status": status} if stands(status) else {}),
            **({"attempts": attempts} if attempts != remembered.get("attempts", 0) else {}),
            **({"open_run": 0} if _is_gone(steps) else {}),
            "consecutive_failures": failures + 1 if step else 0 if asked and may_go else failures,
        },
        tells=turned or (settings.on_end and not only_looks and "rc" in steps.ended),
        event=asdict(
            Event(
                status=status,
                previous_status=previous,
                reason=reason(status, step, run),
                detail=sentence,
                instance=settings.instance,
                host=settings.host,
                commit=subject(poll),
                **result(_last_run(steps).get("last_run")),
            )
        )
        if settings.on_end
        else {},
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _since(moment: str, now: datetime) -> float:
    """Return the seconds from ``moment``, whose fraction of a second Python 3.11 may not read to the last digit."""
    whole = datetime.fromisoformat(moment[: len("YYYY-MM-DDTHH:MM:SS")]).replace(tzinfo=now.tzinfo)
    return (now - whole).total_seconds()


def _poll_is_due(settings: Settings, remembered: Mapping[str, Any], now: datetime) -> bool:
    last = remembered.get("last_poll_at")
    if not settings.poll_period or not last or last == _text(now):  # which is this run's own
        return True
    return not 0 <= _since(last, now) < settings.poll_period


def _rotation_is_due(settings: Settings, remembered: Mapping[str, Any], now: datetime) -> bool:
    at = remembered.get("secret_id_rotate_at")
    if not settings.secret_id_file:
        return False
    return not at or (at == NEVER and settings.secret_id_ttl != "") or _since(at, now) >= 0


def _identity(remembered: Mapping[str, Any], poll: Step, last_commit: str) -> str:
    """Return what tells the run apart that there is something to do about; empty if there is nothing.

    If there is no commit to act on, that is the last one that is recorded and that nobody remembers.
    """
    content, rerun = str(poll.get("content_id")), str(poll.get("last_rerun"))
    if poll.get("status") == "new":
        return str(poll.get("identity") or poll.get("commit"))
    if rerun not in ("", remembered.get("last_rerun"), poll.get("open")) and rerun.startswith(content):
        return rerun
    return content if poll.get("previous_commit") not in ("", last_commit) else ""


def _is_open(poll: Step) -> bool:
    """Tell whether a rerun was given that nobody has recorded, and nothing is new."""
    return bool(poll.get("status") == "unchanged" and poll.get("open"))


def _may_be_under_way(remembered: Mapping[str, Any], poll: Step) -> bool:
    """Tell whether the commit may have been started already, and its container be there.

    So it may if nobody remembers which one was, or whether that one's container is gone.
    """
    is_last = remembered.get("last_started_commit", poll.get("commit")) == poll.get("commit")
    return bool(is_last and remembered.get("open_run", 1))


def _held_back(poll: Step) -> str:
    """Return the status of a run whose commit is not to be tried now, as the target says; empty if it is."""
    if poll.get("given_up"):
        return "given_up"
    if poll.get("retry_at"):
        return "waiting_for_retry"
    return "waiting_for_turn" if poll.get("turn_at") else ""


def _is_gone(steps: Steps) -> bool:
    """Tell whether the engine has said that no container of the commit is left."""
    if "existing" in steps.remove:
        return not steps.remove.refusal
    return not (steps.start or steps.prepare.refusal) and steps.prepare.get("existing") in ("none", "other_exited")


def _attempts(steps: Steps) -> int:
    """Return how often the commit that is not recorded yet has failed."""
    if "rc" in steps.run and not steps.run.refusal:
        return 0
    return int(steps.count.get("attempts") or steps.poll.get("attempts", default=0))


def _finished(poll: Step, commit: str) -> dict[str, object]:
    rerun = poll.get("last_rerun")
    return {"last_successful_commit": commit, **({"last_rerun": rerun} if rerun else {})}


def _refused_step(steps: Steps) -> str:
    if _is_busy(steps):
        return "rotate" if steps.rotate.refusal else ""
    if steps.gone and steps.gone in (steps.poll.get("identity"), steps.poll.get("open")):
        return "run"
    return next((name for name in _STEPS if getattr(steps, name).refusal), "")


def _is_busy(steps: Steps) -> bool:
    return "other_running" in (steps.prepare.get("existing"), steps.run.get("existing"))


def _status(settings: Settings, steps: Steps, *, only_looks: bool, pause: str) -> str:
    if not steps.poll:
        return "suspended" if settings.suspend else "not_due"
    if steps.poll.get("status") != "new":
        return str(steps.poll.get("status"))
    if only_looks or not (steps.run or _is_busy(steps)):
        return pause or "new"
    if _is_busy(steps):
        return "busy"
    if "rc" in steps.run:
        return "processed"
    return "superseded" if steps.run.get("skipped_start") else "gone"


def _sentence(settings: Settings, remembered: Mapping[str, Any], steps: Steps, status: str, wait: Wait | None) -> str:
    poll = steps.poll
    return _SENTENCES.get(status, "{branch} stands at {head}").format(
        suspended=settings.suspend,
        branch=settings.branch,
        period=settings.poll_period,
        last_poll_at=remembered.get("last_poll_at"),
        head=poll.get("head"),
        commit=poll.get("commit"),
        said=_reworded(poll.get("msg"), "poll"),
        until=wait and wait.until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        because=wait and wait.because,
        failures=_times(poll.get("attempts", default=0)),
        retry_at=poll.get("retry_at"),
        turn_at=poll.get("turn_at"),
        since=steps.run.get("started_at") or steps.prepare.get("started_at"),
        again="again " if poll.get("open") else "",
        signers=", ".join(_signers(poll)) or "nobody, as none is required",
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _failure(settings: Settings, steps: Steps, step: str) -> str:
    refusal = getattr(steps, step).refusal
    if not refusal:
        return _GONE.format(commit=steps.poll.get("commit"))
    told = _reworded(settings.trusted.reword(refusal), step)
    if step in _NOT_OF_THE_COMMIT:
        return told
    return f"commit {steps.poll.get('commit')}: {told}"


def _reworded(sentence: str, step: str) -> str:
    """Return what a step's module has said, with the role's variables in place of its options."""
    if not sentence:
        return ""
    from ansible_collections.flant.gitops.plugins.plugin_utils._variables import CONTAINER, GIT, LEDGER, VAULT

    modules = {"poll": GIT, "record": GIT, "begin": LEDGER, "wrap": VAULT, "rotate": VAULT}
    return modules.get(step, CONTAINER).reword(sentence).rstrip(".")


def _metadata(settings: Settings, steps: Steps) -> dict[str, str]:
    if not steps.begin:
        return {}
    from ansible_collections.flant.gitops.plugins.plugin_utils._metadata import metadata

    return metadata(settings.host, settings.instance, steps.poll, steps.begin)


def _signers(poll: Step) -> list[str]:
    return list(poll.get("signers", default=[]))


def _rotated(settings: Settings, steps: Steps) -> dict[str, object]:
    called = steps.rotate if "env" in steps.rotate else steps.wrap
    if not settings.secret_id_file or "env" not in called:
        return {}
    return {"secret_id_rotate_at": called.get("secret_id_rotate_at", default=NEVER)}


def _output(steps: Steps) -> dict[str, object]:
    if "rc" not in steps.ended:
        return {}
    said = {name: steps.ended.get(name) for name in ("started_at", "finished_at", "stdout", "stderr")}
    rc = steps.ended.get("rc", default=0)
    return {"commit": steps.poll.get("commit"), "rc": rc, "signers": _signers(steps.poll), **said}


def _last_run(steps: Steps) -> dict[str, Any]:
    if "rc" not in steps.ended:
        return {}
    said = {name: steps.ended.get(name) for name in ("started_at", "finished_at", "image_id")}
    rc = steps.ended.get("rc", default=0)
    return {"last_run": {"commit": steps.poll.get("commit"), "rc": rc, "signers": _signers(steps.poll), **said}}
