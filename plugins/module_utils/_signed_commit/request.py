# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a task asks for, checked before anything is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import url
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id, is_ref_name
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import Roster, roster
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.pace import Pace
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import Rule

POLL = "poll"
RECORD = "record"
RESET = "reset"
SHOW = "show"
VERIFY = "verify"
COUNT = "count"

_NONE = "none"  # what forgets the last commit: nothing that a variable holds by mistake


class Request(NamedTuple):
    """A task's parameters; ``access`` is there if the task is to poll, ``archive`` if it is to write one.

    ``hold_file`` is there if the task is to look for one. Times are in seconds; ``rerun_after`` is 0 for never.
    """

    action: str
    git_dir: Path
    last_commit: str
    access: Access | None
    branch: str
    required_signatures: int
    roster: Roster
    rules: tuple[Rule, ...]
    ssh_user_verification: bool
    signatures_ref: str
    verify_every: bool
    select_oldest: bool
    wait_for_signatures: bool
    max_commits: int
    submodules: bool
    archive: Path | None
    hold_file: Path | None
    rerun: bool
    rerun_after: float
    spread: float
    pace: Pace | None
    commits: tuple[str, ...]
    timeout: float
    check_mode: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any], *, check_mode: bool) -> Request:
        """Take a module's parameters.

        Raises:
            Failure: one of them is no good; the sentence names it.
        """
        looks = params["action"] in (POLL, SHOW)
        signers = roster(params["trusted_keys"], params["trusted_signers"])
        request = cls(
            action=params["action"],
            git_dir=_absolute(params["git_dir"], "git_dir"),
            last_commit=_last_commit(params),
            access=_access(params) if params["action"] in (POLL, VERIFY) else None,
            branch=params["branch"],
            required_signatures=params["required_signatures"],
            roster=signers,
            rules=_rules(params["rules"], signers) if params["rules"] else (),
            ssh_user_verification=params["ssh_user_verification"],
            signatures_ref=params["signatures_ref"],
            verify_every=params["verify"] == "every",
            select_oldest=params["select"] == "oldest",
            wait_for_signatures=params["on_insufficient_signatures"] == "wait",
            max_commits=params["max_commits"],
            submodules=params["submodules"],
            archive=_absolute(params["archive"], "archive") if params["archive"] and not check_mode else None,
            hold_file=_absolute(params["hold_file"], "hold_file") if params["hold_file"] and looks else None,
            rerun=params["rerun"] and params["action"] == POLL,
            rerun_after=parse_duration(params["rerun_after"] or "0", "rerun_after"),
            spread=parse_duration(params["spread"], "spread"),
            pace=_pace(params) if params["attempts"] and params["action"] in (POLL, COUNT) else None,
            commits=tuple(commit.lower() for commit in params["commits"]),
            timeout=parse_duration(params["timeout"], "timeout"),
            check_mode=check_mode,
        )
        request._check()
        return request

    def _check(self) -> None:
        if self.last_commit and not is_object_id(self.last_commit):
            raise Failure("last_commit: this is not a full commit id, which has 40 or 64 hexadecimal digits.")
        if self.action in (RECORD, COUNT) and not self.last_commit:
            raise Failure(f"last_commit: action: {self.action} needs the commit that it is about.")
        if not is_ref_name(self.branch):
            raise Failure(f"branch: {self.branch!r} is not the name of a branch.")
        if not self.signatures_ref.startswith("refs/") or not is_ref_name(self.signatures_ref):
            raise Failure(f"signatures_ref: {self.signatures_ref!r} is not a full ref name, such as refs/tags/x.")
        if self.max_commits < 1:
            raise Failure("max_commits: it must be at least 1.")
        if self.timeout <= 0:
            raise Failure("timeout: it must be more than 0 seconds.")
        if self.action == POLL:
            self.check_trust()
        if self.action == VERIFY:
            from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.review_check import check_review

            check_review(self, check_access)

    def check_trust(self) -> None:
        """Check what a poll verifies signatures by.

        Raises:
            Failure: it does not go together; the sentence names the option.
        """
        if self.required_signatures < 0:
            raise Failure("required_signatures: it must not be negative.")
        if self.required_signatures > 0 and not self.roster.names:
            raise Failure("required_signatures: without trusted_signers or trusted_keys no signature can ever count.")
        if self.required_signatures == 0 and self.roster.names:
            raise Failure(
                "required_signatures: it is 0, so that any commit would do, although keys are given; "
                "say how many signatures are required, or give no trusted_signers and no trusted_keys."
            )
        if self.ssh_user_verification and not self.roster.ssh_keys:
            raise Failure("ssh_user_verification: it is about SSH keys, and trusted_signers holds none.")
        if self.access:
            check_access(self.access, self.required_signatures)


def hidden_values(params: Mapping[str, Any]) -> set[str]:
    """Return what a module with these parameters must not show, although no option that is meant for it holds it."""
    return url.credentials(params["repo"] or "") | url.credentials(params["proxy"] or "")


def _last_commit(params: Mapping[str, Any]) -> str:
    """Return the commit, empty for none."""
    commit: str = params["last_commit"].lower()
    if params["action"] != RESET:
        return commit
    if not commit:
        raise Failure("last_commit: action: reset needs the commit to go on from, or none to forget the last one.")
    return "" if commit == _NONE else commit


def _rules(given: Sequence[Mapping[str, Any]], signers: Roster) -> tuple[Rule, ...]:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import read

    return read(given, set(signers.names.values()))


def _pace(params: Mapping[str, Any]) -> Pace:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.pace import Pace

    return Pace.from_params(params["attempts"])


def _access(params: Mapping[str, Any]) -> Access:
    if not params["repo"]:
        raise Failure(f"repo: action: {params['action']} needs the repository to ask.")
    access = Access(
        url=url.parse(params["repo"], "repo"),
        username=params["username"] or "",
        password=params["password"] or "",
        ssh_key_file=_trusted(params, "ssh_key_file"),
        ssh_known_hosts_file=_trusted(params, "ssh_known_hosts_file"),
        ca_cert_file=_trusted(params, "ca_cert_file"),
    )
    if not any(params[name] for name in ("password_file", "proxy", "proxy_username", "proxy_password")):
        return access
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.credentials import completed

    return completed(access, params)


def check_access(access: Access, required_signatures: int) -> None:
    """Check that the parts of ``access`` go together; what its files hold is not looked at.

    Raises:
        Failure: they do not; the sentence begins with the option at fault.
    """
    scheme = access.url.scheme
    if access.url.open_to_the_network and required_signatures == 0:
        raise Failure(
            f"repo: {scheme} is not encrypted, so that with required_signatures: 0 "
            "anybody on the way could run anything; use https or ssh, or require signatures."
        )
    if bool(access.username) != bool(access.password):
        raise Failure("username, password: one goes with the other.")
    if access.password and scheme != "https":
        raise Failure(f"password: it is sent over https only, and repo is {scheme}.")
    if any(character in access.username + access.password for character in "\0\r\n"):
        raise Failure("username, password: they must hold no line feed and no NUL.")
    if scheme == "ssh" and not access.ssh_key_file:
        raise Failure("ssh_key_file: an ssh repo needs it; no other key and no agent is used.")
    if scheme == "ssh" and not access.ssh_known_hosts_file:
        raise Failure("ssh_known_hosts_file: an ssh repo needs it; an unknown host key is refused.")


def _absolute(path: str, option: str) -> Path:
    if not path or "\0" in path:
        raise Failure(f"{option}: this is not a path.")
    return Path(path).absolute()


def _trusted(params: Mapping[str, Any], option: str) -> str:
    if not params[option]:
        return ""
    path = _absolute(params[option], option)
    with trusted_file(path, option):
        return str(path)
