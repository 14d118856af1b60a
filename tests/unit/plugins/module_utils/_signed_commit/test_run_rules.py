# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules by path: who else has to sign a commit for what it changes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._git import transfer
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import UNFILTERED
from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import check, guard
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import GIVEN
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
from ansible_collections.flant.gitops.tests.support.signed_commit import call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

EVERYBODY = ("alice", "bob", "carol")
PROD = {"paths": ["prod/**"], "required": 2, "signers": ["alice", "bob"]}
START = {"prod/db.tf": b"1", "net/a": b"1", "free": b"1"}


class Team:
    """Alice, bob and carol, one of whom has to sign whatever it is, and both of the first what is below prod."""

    def __init__(self, task: Task, signers: Signers) -> None:
        self.task = task
        self.signers = signers
        people = [{"name": name, "public_keys": [signers[name].public_key]} for name in EVERYBODY]
        self.params: dict[str, Any] = {"required_signatures": 1, "trusted_signers": people, "rules": [PROD]}

    def commit(self, files: Mapping[str, bytes] | str, *names: str, parents: Sequence[str] | None = None) -> str:
        """Put a commit on the branch that each of ``names`` signs with a note."""
        commit = self.task.upstream.commit(files, parents=parents)
        if names:
            self.task.upstream.note(commit, *(self.signers[name] for name in names))
        return commit

    def poll(self, **params: object) -> Outcome:
        return self.task.poll(**{**self.params, **params})

    def lacks(self, **params: object) -> str:
        """Poll what a rule keeps back, and return what is said of it."""
        waiting = self.poll(on_insufficient_signatures="wait", **params)
        assert (waiting.status, waiting.changed) == ("awaiting_signatures", False)
        with pytest.raises(Failure) as raised:
            self.poll(**params)
        assert (str(raised.value), raised.value.result["rules"]) == (waiting.msg, waiting.rules)
        assert waiting.msg.startswith("rules: commit ")
        return waiting.msg

    def runs(self, commit: str, **params: object) -> str:
        """Poll ``commit``, take it as processed, and return it."""
        outcome = self.poll(**params)
        assert (outcome.status, outcome.commit) == ("new", commit)
        self.task.record(commit)
        return commit

    def started(self, files: Mapping[str, bytes] | None = None) -> str:
        """Let a first commit be processed, which changes everything; START if it is not said what it holds."""
        return self.runs(self.commit(START if files is None else files, *EVERYBODY))


@pytest.fixture
def team(task: Task, signers: Signers) -> Team:
    return Team(task, signers)


# What is changed


def test_what_no_rule_guards_needs_no_more_than_the_number(team: Team) -> None:
    team.started()
    team.runs(team.commit({**START, "free": b"2"}, "carol"))


def test_what_a_rule_guards_needs_its_signers_besides(team: Team) -> None:
    team.started()
    commit = team.commit({**START, "prod/db.tf": b"2"}, "carol", "alice")

    said = team.lacks()

    assert said == (
        f"rules: commit {commit} lacks signatures: for 'prod/db.tf' (rule 0) it carries 1 of 2: alice; bob is missing."
    )
    team.commit({**START, "prod/db.tf": b"2"}, "bob", "alice")
    assert team.poll().rules == ({"rule": 0, "path": "prod/db.tf", "required": 2, "signers": ["alice", "bob"]},)


def test_signers_of_a_rule_are_not_enough_where_the_number_is_higher(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "alice", "bob")
    with pytest.raises(Failure, match=r"^required_signatures: .* carries 2 of 3: alice and bob; carol is missing"):
        team.poll(required_signatures=3)


def test_signers_beyond_the_number_are_still_looked_at(team: Team) -> None:
    team.started()
    commit = team.commit({**START, "prod/db.tf": b"2"}, "carol", "alice", "carol", "bob")

    outcome = team.poll()

    assert (outcome.commit, outcome.signers) == (commit, ("carol", "alice", "bob"))
    assert (outcome.verified_signatures, outcome.required_signatures) == (3, 1)


def test_no_more_signers_are_looked_at_than_the_rules_need(team: Team) -> None:
    team.started()
    team.commit({**START, "free": b"2"}, "alice", "bob", "carol")
    assert team.poll().signers == ("alice",)


def test_a_first_run_changes_everything(team: Team) -> None:
    team.commit({"free": b"1"}, "carol")
    said = team.lacks()
    assert (
        "counts as changing every path, as it is not known here what ran before: for prod/** (rule 0) it carries 0"
        in said
    )
    team.runs(team.commit({"free": b"2"}, *EVERYBODY))


CHANGES = {
    "content": {**START, "prod/db.tf": b"2"},
    "mode": {"prod/db.tf*": b"1", "net/a": b"1", "free": b"1"},
    "deletion": {"net/a": b"1", "free": b"1"},
    "new file": {**START, "prod/deep/er/file": b"1"},
    "rename out": {"net/db.tf": b"1", "net/a": b"1", "free": b"1"},
    "rename into": {"prod/db.tf": b"1", "prod/a": b"1", "free": b"1"},
    "rename of the folder": {"prod2/db.tf": b"1", "net/a": b"1", "free": b"1"},
    "folder turned link": {"prod@": b"net", "net/a": b"1", "free": b"1"},
    "folder turned file": {"prod": b"1", "net/a": b"1", "free": b"1"},
    "file turned link": {"prod/db.tf@": b"../free", "net/a": b"1", "free": b"1"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_any_kind_counts(team: Team, change: str) -> None:
    team.started()
    team.commit(CHANGES[change], "alice", "carol")
    said = team.lacks()
    assert "1 of 2: alice; bob is missing" in said
    assert "every path" not in said


@pytest.mark.parametrize("place", ["prod/module", "prod"])
def test_a_submodule_counts_as_what_it_is_pinned_to(team: Team, place: str) -> None:
    upstream = team.task.upstream

    def pinned(identity: str) -> str:
        name = place.rpartition("/")[2]
        tree = upstream.raw_tree([("160000", name, identity * 40)])
        return tree if place == "prod" else upstream.raw_tree([("40000", "prod", tree)])

    team.runs(team.commit(pinned("1"), *EVERYBODY))
    team.commit(pinned("2"), "carol")
    assert f"for '{place}' (rule 0)" in team.lacks()


@pytest.mark.parametrize("mode", ["120000", "160000"])
@pytest.mark.parametrize("direction", ["becomes", "ceases"])
def test_what_leads_elsewhere_counts_as_all_that_could_be_below_it(team: Team, mode: str, direction: str) -> None:
    upstream = team.task.upstream
    target = upstream.object("blob", b"net") if mode == "120000" else "1" * 40
    leading = upstream.raw_tree([(mode, "prod", target)])
    plain = upstream.tree({"free": b"1"})
    first, second = (plain, leading) if direction == "becomes" else (leading, plain)
    team.runs(team.commit(first, *EVERYBODY))
    team.commit(second, "carol")
    rule = {"paths": ["prod/db/*.tf"], "required": 1, "signers": ["alice"]}
    assert "for 'prod' (rule 0) it carries 0 of 1; alice is missing" in team.lacks(rules=[rule])


def test_a_merge_that_takes_the_old_side_counts_as_what_it_undoes(team: Team) -> None:
    old = team.started()
    new = team.runs(team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY))
    side = team.task.upstream.commit({**START, "free": b"2"}, parents=[old], branch="side")
    team.commit({**START, "free": b"2"}, "carol", parents=[new, side])
    assert "for 'prod/db.tf' (rule 0)" in team.lacks()


def test_commits_that_undo_one_another_change_nothing(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"})
    team.runs(team.commit({**START, "free": b"2"}, "carol"))


def test_several_rules_are_each_by_themselves(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2", "net/a": b"2"}, "alice")
    asked = [
        {"paths": ["net/*"], "required": 1, "signers": ["carol"]},
        {"paths": ["free"], "required": 1, "signers": ["bob"]},
        PROD,
    ]
    said = team.lacks(rules=asked)
    assert said.endswith(
        "for 'net/a' (rule 0) it carries 0 of 1; carol is missing; "
        "for 'prod/db.tf' (rule 2) it carries 1 of 2: alice; bob is missing."
    )


def test_a_name_is_shown_and_does_nothing(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/\x1b[31m{{ 1 }}\n": b"2"}, "carol")
    said = team.lacks()
    assert "for 'prod/\N{REPLACEMENT CHARACTER}[31m{{ 1 }}' (rule 0)" in said
    assert "\x1b" not in said


# What it is compared with


def test_a_commit_whose_run_failed_is_compared_with_too(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY)
    assert team.poll().changed  # and its run fails
    team.commit({**START, "free": b"2"}, "carol")
    assert "for 'prod/db.tf' (rule 0) it carries 0 of 2" in team.lacks()
    fixed = team.runs(team.commit({**START, "free": b"3"}, *EVERYBODY))
    team.runs(team.commit({**START, "free": b"4"}, "carol"), last_commit=fixed)


def test_each_commit_whose_run_failed_is_compared_with(team: Team) -> None:
    team.started()
    for files in ({**START, "prod/db.tf": b"2"}, {**START, "free": b"2"}):
        team.commit(files, *EVERYBODY)
        assert team.poll().changed
    team.commit({**START, "free": b"3"}, "carol")
    assert "for 'prod/db.tf' (rule 0) it carries 0 of 2" in team.lacks()


def test_a_commit_that_was_started_before_there_were_rules_is_compared_with_too(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "carol")
    assert team.poll(rules=[]).changed
    team.commit({**START, "free": b"2"}, "carol")
    assert "for 'prod/db.tf' (rule 0)" in team.lacks()


def test_a_rerun_may_change_everything_again(team: Team) -> None:
    team.started()
    commit = team.runs(team.commit({**START, "free": b"2"}, "carol"))
    assert "(rule 0) it carries 0 of 2" in team.lacks(last_commit=commit, rerun=True)
    assert team.task.show().open == ""
    team.task.upstream.note(commit, *(team.signers[name] for name in EVERYBODY))
    assert team.poll(last_commit=commit, rerun=True).identity.endswith("+1")


def test_check_mode_starts_nothing(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY)
    checked = call(repo=team.task.upstream.path, git_dir=team.task.git_dir, check_mode=True, **team.params)
    assert checked.changed
    team.runs(team.commit({**START, "free": b"2"}, "carol"))


@pytest.mark.parametrize("claim", ["", "older", "same"])
def test_lost_facts_do_not_change_what_it_is_compared_with(team: Team, claim: str) -> None:
    first = team.started()
    second = team.runs(team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY))
    last = {"": "", "older": first, "same": second}[claim]
    undone = team.commit(START, "carol")
    assert "for 'prod/db.tf' (rule 0)" in team.lacks(last_commit=last)
    team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol", parents=[undone])
    assert team.poll(last_commit=last).changed


def test_a_fact_that_names_another_commit_is_refused(team: Team) -> None:
    team.started()
    claimed = team.commit({**START, "prod/db.tf": b"2"})
    team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol")
    with pytest.raises(Refused, match=rf"^last_commit: {claimed} does not lie behind"):
        team.poll(last_commit=claimed)


@pytest.mark.parametrize("polls", [1, 2])
def test_a_fact_without_a_ratchet_is_nothing_to_compare_with(team: Team, polls: int) -> None:
    claimed = team.commit({**START, "prod/db.tf": b"2"})
    team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol")
    for _index in range(polls):
        assert "it carries 0 of 2; alice and bob are missing" in team.lacks(last_commit=claimed)


def test_what_a_fact_made_the_ratchet_is_compared_with_once_something_is_recorded(team: Team) -> None:
    claimed = team.commit(START)
    team.runs(team.commit({**START, "free": b"2"}, *EVERYBODY), last_commit=claimed)
    team.runs(team.commit({**START, "free": b"3"}, "carol"))


@pytest.mark.parametrize("content", [None, b"", b"none\n", b"\xff\n", b"0" * 40 + b"\n"])
def test_what_is_not_known_any_more_is_everything(team: Team, content: bytes | None) -> None:
    team.started()
    file = team.task.git_dir / GIVEN
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    team.commit({**START, "free": b"2"}, "carol")
    assert "as it is not known here what ran before: for prod/**" in team.lacks()


def test_a_damaged_list_is_no_list(team: Team) -> None:
    last = team.started()
    (team.task.git_dir / GIVEN).write_text(f"{last}\n--output=/tmp/x\n")
    team.commit({**START, "free": b"2"}, "carol")
    assert "it is not known here what ran before" in team.lacks()


def test_a_record_that_was_cut_off_leaves_everything_until_the_next(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.started()
    second = team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY)
    assert team.poll().changed
    with monkeypatch.context() as patch:
        patch.setattr(Ratchet, "move", lambda *_arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            team.task.record(second)
    team.commit({**START, "free": b"2"}, "carol")
    assert "it is not known here what ran before" in team.lacks()
    team.task.record(second)
    assert "for 'prod/db.tf' (rule 0)" in team.lacks()


def test_a_reset_is_the_operators_word(team: Team) -> None:
    team.started()
    second = team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY)
    team.task.poll()
    team.task.reset(second)
    team.commit({**START, "free": b"2"}, "carol")
    assert "for 'prod/db.tf' (rule 0)" in team.lacks()
    team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol")
    assert team.poll().changed


def test_a_reset_says_what_to_compare_with_where_nothing_is_yet(team: Team) -> None:
    deployed = team.commit(START)
    team.task.reset(deployed)
    team.commit({**START, "prod/db.tf": b"2"}, "carol")
    assert "for 'prod/db.tf' (rule 0) it carries 0 of 2" in team.lacks()
    team.commit({**START, "free": b"2"}, "carol")
    assert team.poll().changed


@pytest.mark.parametrize("to", ["none", "first"])
def test_a_reset_does_not_hide_a_run_that_failed(team: Team, to: str) -> None:
    first = team.started()
    team.commit({**START, "prod/db.tf": b"2"}, *EVERYBODY)
    assert team.poll().changed
    team.task.reset(to if to == "none" else first)
    team.commit({**START, "free": b"2"}, "carol")
    assert "it carries 0 of 2" in team.lacks()


def test_a_git_dir_that_is_gone_is_a_first_run(team: Team) -> None:
    last = team.started()
    shutil.rmtree(team.task.git_dir)
    team.commit({**START, "free": b"2"}, "carol")
    assert "as it is not known here what ran before" in team.lacks(last_commit=last)


def test_a_tree_that_cannot_be_had_is_everything(team: Team) -> None:
    first = team.started()
    team.commit({**START, "free": b"2"}, *EVERYBODY)
    assert team.poll().changed  # then it is pushed away, and its run has failed
    team.commit({**START, "free": b"3"}, "carol", parents=[first])
    (team.task.git_dir / "info" / "attributes").unlink()  # so that the repository is made anew
    said = team.lacks()
    assert "as the files that it is compared with cannot be listed: for prod/** (rule 0) it carries 0 of 2" in said


def test_that_a_server_does_not_give_a_tree_is_not_remembered(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    last = team.started()
    commit = team.commit({**START, "free": b"2"}, "carol")
    real = transfer.fetch_paths

    def interrupted(remote: Remote, identity: str) -> None:
        if identity == last:
            raise Failure("repo: the connection broke.")
        real(remote, identity)

    with monkeypatch.context() as patch:
        patch.setattr(guard, "fetch_paths", interrupted)
        team.lacks()
    team.runs(commit)


def test_a_server_that_gives_no_part_of_a_commit_is_asked_for_whole_ones(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in for one that speaks an old protocol, and would refuse other folders first."""
    last = team.started()
    commit = team.commit({**START, "free": b"2"}, "carol")

    def unadvertised(remote: Remote, identity: str) -> None:
        if identity == last and remote.cache.filtered:
            raise transfer.UnadvertisedError("repo: unadvertised object")
        transfer.fetch_paths(remote, identity)

    monkeypatch.setattr(guard, "fetch_paths", unadvertised)
    team.runs(commit)
    assert (team.task.git_dir / UNFILTERED).exists()


def test_a_commit_whose_folders_cannot_be_had_is_not_given(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.started()
    team.commit({**START, "free": b"2"}, *EVERYBODY)

    def interrupted(*_arguments: object) -> None:
        raise Failure("repo: the connection broke.")

    monkeypatch.setattr(guard, "fetch_paths", interrupted)
    with pytest.raises(Failure, match=r"^repo: the connection broke"):
        team.poll()


@pytest.mark.parametrize("leaf", ["blob", "tree"])
def test_t11_a_tree_that_stands_for_more_than_fits_anywhere_is_not_compared(
    team: Team, leaf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = team.task.upstream
    monkeypatch.setattr(guard, "MAX_ENTRIES", 1000)
    start = upstream.tree(START)
    team.runs(team.commit(start, *EVERYBODY))
    mode, bomb = ("100644", upstream.object("blob", b"")) if leaf == "blob" else ("40000", upstream.raw_tree([]))
    for _index in range(40):
        bomb = upstream.raw_tree([(mode, "a", bomb), (mode, "b", bomb)])
        mode = "40000"
    commit = team.commit(bomb, *EVERYBODY)
    with pytest.raises(Failure, match=f"the tree of {commit} is too large"):
        team.poll()
    assert team.poll(rules=[]).changed  # without an archive nothing is listed, and its run may do anything
    team.commit(start, "carol")
    assert "as the files that it is compared with cannot be listed: for prod/**" in team.lacks()


# Which commit is chosen


def test_oldest_takes_the_first_that_has_the_number_and_what_the_rules_ask(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "alice")
    team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol")
    third = team.commit({**START, "prod/db.tf": b"2", "free": b"3"}, "bob", "alice")
    team.commit({**START, "free": b"4"}, "carol")
    assert team.poll(select="oldest").commit == third


def test_oldest_takes_what_changes_nothing_that_is_guarded(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "alice")
    second = team.commit({**START, "free": b"2"}, "carol")
    assert team.poll(select="oldest").commit == second


def test_oldest_says_what_the_newest_lacks(team: Team) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "alice")
    newest = team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol")
    assert f"rules: commit {newest} lacks" in team.lacks(select="oldest")


@pytest.mark.parametrize("select", ["head", "oldest"])
def test_every_adds_nothing_to_the_rules(team: Team, select: str) -> None:
    team.started()
    commits = [team.commit({**START, "prod/db.tf": b"2"}, "carol")] if select == "head" else []
    commits.append(team.commit({**START, "free": b"2"}, "carol"))
    team.runs(commits[-1], verify="every", select=select)


@pytest.mark.parametrize("select", ["head", "oldest"])
def test_every_holds_the_chosen_commit_to_the_rules(team: Team, select: str) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "carol")
    if select == "head":
        team.commit({**START, "prod/db.tf": b"2", "free": b"2"}, "carol")
    assert "for 'prod/db.tf' (rule 0)" in team.lacks(verify="every", select=select)


# Before anything is done


def test_a_rule_whose_signers_cannot_sign_is_refused_before_anything_is_verified(
    team: Team, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = signers.create("expired", key=("ed25519", "sign", "seconds=10"), at="20200101T000000")
    team.params["trusted_signers"].append({"name": "erin", "public_keys": [expired.public_key]})
    team.started()
    team.commit({**START, "free": b"2"}, *EVERYBODY)
    monkeypatch.setattr(check, "look", None)
    rule = {"paths": ["prod/**"], "required": 2, "signers": ["alice", "erin"]}
    with pytest.raises(
        Failure, match=r"^rules\[0\]: 2 of alice and erin are required, but only 1 of them can sign, .*it has expired"
    ):
        team.poll(rules=[rule])


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"paths": []}, r"rules\[1\]\.paths: there is none"),
        ({"paths": ["prod/**", "net/"]}, r"rules\[1\]\.paths\[1\]: 'net/' begins or ends with a slash"),
        ({"paths": ["!net/**"]}, r"rules\[1\]\.paths\[0\]: '!net/\*\*' begins as an exception"),
        ({"signers": []}, r"rules\[1\]\.signers: there is none"),
        ({"signers": ["alice", "dave"]}, r"rules\[1\]\.signers\[1\]: 'dave' is not the name of a trusted signer"),
        ({"signers": ["Alice", "bob"]}, r"rules\[1\]\.signers\[0\]: 'Alice' is not the name of a trusted signer"),
        ({"signers": ["alice", "alice"]}, r"rules\[1\]\.signers\[1\]: alice is there twice"),
        ({"required": 0}, r"rules\[1\]\.required: it is 0"),
        ({"required": -1}, r"rules\[1\]\.required: it is -1"),
        ({"required": 3}, r"rules\[1\]\.required: it is 3, and there are only 2 signers"),
    ],
)
@pytest.mark.parametrize("action", ["poll", "record", "show"])
def test_a_malformed_rule_is_refused_on_every_call(
    team: Team, action: str, rule: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Failure, match=f"^{sentence}"):
        team.poll(action=action, last_commit="1" * 40, rules=[PROD, {**PROD, **rule}])
    assert not team.task.git_dir.exists()


def test_s19_rules_without_a_number_are_never_looked_past(team: Team) -> None:
    with pytest.raises(Failure, match=r"^required_signatures: it is 0"):
        team.poll(required_signatures=0)
    with pytest.raises(Failure, match=r"^rules\[0\]\.signers\[0\]: 'alice' is not the name of a trusted signer"):
        team.poll(required_signatures=0, trusted_signers=[])


# What it costs


def test_other_rules_are_another_question(team: Team) -> None:
    team.started()
    commit = team.commit({**START, "prod/db.tf": b"2"}, "carol")
    team.lacks()
    rule = {"paths": ["net/**"], "required": 2, "signers": ["alice", "bob"]}
    team.runs(commit, rules=[rule])


def test_the_same_question_is_answered_from_memory(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "carol", "bob")
    before = team.poll(on_insufficient_signatures="wait")
    monkeypatch.setattr(guard, "fetch_paths", None)
    after = team.poll(on_insufficient_signatures="wait")
    assert after.rules == before.rules == ({"rule": 0, "path": "prod/db.tf", "required": 2, "signers": ["bob"]},)
    assert after.msg == before.msg


def test_a_poll_without_rules_compares_nothing(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.started()
    team.commit({**START, "prod/db.tf": b"2"}, "carol")
    real, asked = Git.stream, []
    monkeypatch.setattr(Git, "stream", lambda git, *arguments: asked.append(arguments[0]) or real(git, *arguments))
    assert team.poll(rules=[]).changed
    assert asked == []
    assert team.poll(rules=[]).rules == ()


def test_what_a_rule_keeps_back_leaves_nothing(team: Team) -> None:
    team.started()
    before = sorted(file.name for file in (team.task.git_dir / "objects" / "pack").iterdir())
    team.commit({**START, "prod/db.tf": b"2"}, "carol")
    team.lacks(archive=team.task.archive)
    assert sorted(file.name for file in (team.task.git_dir / "objects" / "pack").iterdir()) == before
    assert not team.task.archive.exists()
