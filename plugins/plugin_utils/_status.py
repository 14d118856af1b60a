# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How an instance stands, by what its target has answered.

An instance is in one state, the worst first:

    failing      the last poll or run was refused, or the target cannot tell how the instance stands
    given_up     the commit has failed too often, and is not tried any more
    unreachable  the target does not answer
    stale        no server has answered a poll for longer than it may take
    waiting      a commit waits for signatures, for a window to open, or for the turn of its host
    held         a variable or a mark on the target suspends it
    never        it has never polled
    running      commands are under way
    ok           all else: what was new has run

Answers are others' words. Nothing of them is taken for what it is not: ids, times and names only by their patterns,
states and steps only from the lists here, and whatever else is a sentence is made printable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.plugin_utils._variables import GIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STATES = ("failing", "given_up", "unreachable", "stale", "waiting", "held", "never", "running", "ok")
ALARMING = frozenset({"failing", "given_up", "unreachable", "stale"})

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|\+00:00)", re.ASCII)
_SIGNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,62}|[0-9A-F]{64}|SHA256:[A-Za-z0-9+/]{43}")
_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_MOST_SIGNERS = 100
_MOST_NAMED = 10
_POLLED = frozenset({"unchanged", "new", "awaiting_signatures", "failed"})
_ENDED = frozenset(
    (
        *("unchanged", "awaiting_signatures"),
        *("waiting_for_window", "waiting_for_turn", "waiting_for_retry", "given_up"),
        *("processed", "superseded", "busy", "gone", "running", "failed"),
    )
)
_BESIDE_THE_COMMIT = frozenset({"clear", "sweep", "rotate"})
_OF_THE_COMMIT = frozenset({"prepare", "begin", "wrap", "start", "run", "record", "remove"})


@dataclass(frozen=True)
class Asked:
    """What is known of one host.

    Attributes:
        suspended: why the instance is held by a variable; empty if it is not.
        refusal: why the target was not asked; empty if it was.
        git: the answer of ``git_signed_commit``; likewise ``ledger`` and ``container`` of the other two modules.
    """

    host: str
    instance: str
    suspended: str
    refusal: str
    git: Mapping[str, Any]
    ledger: Mapping[str, Any]
    container: Mapping[str, Any]


class Run(NamedTuple):
    """The commands that ended last."""

    commit: str
    rc: int
    finished_at: str


@dataclass(frozen=True)
class Standing:
    """How an instance stands; what is not known is empty. Times are in UTC as ISO 8601.

    ``key`` is the fingerprint of the key that has signed the last entry of the ledger, as the target says.
    """

    host: str
    instance: str
    state: str
    since: str = ""
    deployed: str = ""
    last_run: Run | None = None
    last_poll: str = ""
    signers: tuple[str, ...] = ()
    reason: str = ""
    key: str = ""


def in_order(standings: list[Standing]) -> list[Standing]:
    """Return ``standings`` with the worst first."""
    return sorted(standings, key=lambda each: (STATES.index(each.state), each.host, each.instance))


def alarm(standings: Sequence[Standing]) -> str:
    """Return which of ``standings`` somebody has to look at, or an empty text."""
    found = [f"{each.instance} on {each.host} is {each.state}" for each in standings if each.state in ALARMING]
    more = [f"{len(found) - _MOST_NAMED} more"] if len(found) > _MOST_NAMED else []
    return f"{len(found)} of {len(standings)}: {', '.join(found[:_MOST_NAMED] + more)}." if found else ""


def standing(asked: Asked, now: datetime, max_age: float) -> Standing:
    """Return how the instance stands.

    Args:
        asked: what is known of it.
        now: the controller's clock.
        max_age: after how many seconds without a poll it is stale; 0 for never.
    """
    nothing = Standing(printable(asked.host), printable(asked.instance), "failing")
    if asked.refusal:
        return replace(nothing, reason=printable(asked.refusal))
    answers = (asked.git, asked.ledger, asked.container)
    if any(answer.get("unreachable") for answer in answers):
        said = next(_said(answer) for answer in answers if answer.get("unreachable"))
        return replace(nothing, state="unreachable", reason=said)
    for answer, key in ((asked.git, "status"), (asked.ledger, "state")):
        if key not in answer:
            return replace(nothing, reason=_said(answer))
    target = _Target(asked)
    state, since, reason = _state(asked, target, now, max_age)
    return replace(
        nothing,
        state=state,
        since=since,
        deployed=target.deployed,
        last_run=target.last_run,
        last_poll=target.polled_at,
        signers=target.signers,
        reason=reason,
        key=target.key,
    )


class _Target:
    """What the target has answered, reduced to what it can mean."""

    def __init__(self, asked: Asked) -> None:
        git, state = asked.git, _mapping(asked.ledger.get("state"))
        poll, run = _mapping(git.get("last_poll")), _mapping(state.get("last_run"))
        self.held = git.get("status") == "held"
        self.hold = _sentence(git.get("hold")) or "what the mark on the target says cannot be shown"
        self.held_since = _time(git.get("held_since"))
        self.deployed = _commit(git.get("commit"))
        self.polled_at = _time(git.get("polled_at"))
        self.poll = _word(poll.get("status"), _POLLED)
        self.poll_since = _time(poll.get("since"))
        self.poll_said = GIT.reword(_sentence(poll.get("sentence")))
        self.ended = _word(state.get("status"), _ENDED)
        self.ended_at = _time(state.get("at"))
        self.ended_since = _time(state.get("since"))
        self.step = _word(state.get("step"), _BESIDE_THE_COMMIT | _OF_THE_COMMIT | {"poll"})
        self.ended_said = _sentence(state.get("reason"))
        self.failing_since = _time(state.get("failing_since"))
        self.waiting_since = _time(state.get("waiting_since"))
        self.last_run = _run(run)
        self.signers = _signers(run.get("signers"))
        self.key = _key(asked.ledger.get("entries"))
        self.under_way = asked.container.get("existing") == "other_running"
        self.started_at = _time(asked.container.get("started_at"))
        self.engine_said = "" if "existing" in asked.container else _said(asked.container)

    @property
    def is_known(self) -> bool:
        return bool(self.polled_at or self.deployed or self.poll or self.ended)

    @property
    def failed_step(self) -> str:
        """The step that was refused last and has not gone well since; empty if there is none."""
        if self.poll == "failed":
            return "poll"
        if self.ended != "failed":
            return ""
        if self.step == "poll":  # and it never came to asking the server, or the poll itself would know
            return "poll" if self.polled_at[:19] < self.ended_at[:19] else ""
        if self.step in _OF_THE_COMMIT and self.poll in ("unchanged", "awaiting_signatures"):
            return ""
        return self.step or "a step that is not known"


def _state(asked: Asked, target: _Target, now: datetime, max_age: float) -> tuple[str, str, str]:
    """Return the state, since when, and why: the first that can be said."""
    return (
        _held(asked, target)
        or _under_way(target)
        or _failing(target)
        or _tried(target)
        or _not_polled(target, now, max_age)
        or _waiting(target)
        or _begun(target)
        or _ok(target)
    )


def _held(asked: Asked, target: _Target) -> tuple[str, str, str] | None:
    still = "; commands are still under way" if target.under_way else ""
    if asked.suspended:
        return "held", "", f"suspended: {printable(asked.suspended)}{still}"
    return ("held", target.held_since, f"held: {target.hold}{still}") if target.held else None


def _under_way(target: _Target) -> tuple[str, str, str] | None:
    return ("running", target.started_at, "run: the commands are under way") if target.under_way else None


def _failing(target: _Target) -> tuple[str, str, str] | None:
    step = target.failed_step
    if not step:
        return None
    told = target.ended_said if target.ended == "failed" and (target.step == "poll") == (step == "poll") else ""
    since = target.failing_since if target.ended == "failed" else target.poll_since
    return "failing", since, f"{step}: {told}" if told else step


def _tried(target: _Target) -> tuple[str, str, str] | None:
    state = {"waiting_for_retry": "failing", "given_up": "given_up"}.get(target.ended)
    if not state or target.poll != "new":
        return None
    return state, target.failing_since, f"{target.ended}: {target.ended_said}"


def _not_polled(target: _Target, now: datetime, max_age: float) -> tuple[str, str, str] | None:
    if not target.is_known:
        return "never", "", ""
    if not max_age or (target.polled_at and _age(target.polled_at, now) <= max_age):
        return None
    return "stale", target.polled_at, f"poll: no server has answered for more than {max_age:g} s"


def _waiting(target: _Target) -> tuple[str, str, str] | None:
    if target.ended in ("waiting_for_window", "waiting_for_turn") and target.poll == "new":
        return "waiting", target.waiting_since, f"{target.ended}: {target.ended_said}"
    if target.poll != "awaiting_signatures":
        return None
    return "waiting", target.poll_since, f"awaiting_signatures: {target.poll_said}"


def _begun(target: _Target) -> tuple[str, str, str] | None:
    if target.ended != "running" or target.poll != "new":
        return None
    return "running", target.ended_since, f"begin: {target.ended_said}"


def _ok(target: _Target) -> tuple[str, str, str]:
    if target.engine_said:
        return "ok", target.poll_since, f"{target.poll}: the engine cannot be asked: {target.engine_said}"
    if target.poll == "unchanged" or not target.ended:
        return "ok", target.poll_since, target.poll
    return "ok", target.ended_since, f"{target.ended}: {target.ended_said}"


def _said(answer: Mapping[str, Any]) -> str:
    """Return why a module has not done what it was asked for."""
    left = [_text(answer.get(key)).strip() for key in ("msg", "module_stderr", "module_stdout")]
    last = left[1].splitlines()[-1:] or left[2].splitlines()[-1:]
    return GIT.reword(printable(" ".join([left[0] or "the target was not asked.", *last])))


def _age(moment: str, now: datetime) -> float:
    then = datetime.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return (now - then).total_seconds()


def age(moment: str, now: datetime) -> str:
    """Return how long ago ``moment`` was, in its largest unit; one that lies ahead was now."""
    seconds = max(0, int(_age(moment, now)))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _sentence(value: object) -> str:
    return printable(_text(value))


def _word(value: object, known: frozenset[str]) -> str:
    return next((each for each in known if each == value), "")


def _commit(value: object) -> str:
    return str(value) if isinstance(value, str) and _COMMIT.fullmatch(value) else ""


def _time(value: object) -> str:
    match = _TIME.fullmatch(_text(value))
    if not match:
        return ""
    try:
        datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 -- only whether it is on the calendar
    except ValueError:
        return ""
    return f"{match[1]}Z"


def _run(run: Mapping[str, Any]) -> Run | None:
    commit, rc = _commit(run.get("commit")), run.get("rc")
    if not commit or not isinstance(rc, int) or not 0 <= rc < 1 << 16:
        return None
    return Run(commit, int(rc), _time(run.get("finished_at")))


def _signers(value: object) -> tuple[str, ...]:
    names = value[:_MOST_SIGNERS] if isinstance(value, list) else []
    return tuple(str(name) for name in names if isinstance(name, str) and _SIGNER.fullmatch(name))


def _key(entries: object) -> str:
    last = _mapping(entries[-1]) if isinstance(entries, list) and entries else {}
    return _text(last.get("key")) if _KEY.fullmatch(_text(last.get("key"))) else ""
