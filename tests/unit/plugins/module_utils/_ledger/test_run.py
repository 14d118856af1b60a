# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger import audit, removal
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected
from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._ledger.run import run
from ansible_collections.flant.gitops.plugins.module_utils._ledger.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.outcome import Outcome

COMMIT = "a" * 40
START, END = "2026-11-28T12:00:00.000000Z", "2026-11-28T12:01:00.000000Z"
DEFAULTS = {
    "at": START,
    "status": "processed",
    "step": "",
    "sentence": "It ran.",
    "commit": COMMIT,
    "secret_id_rotate_at": "",
    "reason": "",
    "by": "",
    "output": None,
    "archive": None,
    "keep_logs": 2,
    "logs": 0,
    "entry": None,
    "key_file": None,
    "run": "",
    "adopts": False,
    "requests": [],
    "entries": 0,
    "host": "",
    "known_hosts": "",
    "heads": [],
    "copies": [],
    "counted_today": None,
    "list_commits": False,
    "keep_ledger": 0,
    "attempts": 0,
    "previous_commit": "",
    "ledger": False,
}


SUBJECT = {
    **dict.fromkeys(("machine", "previous_commit", "tree", "image"), ""),
    "repo": "/srv/a.git",
    "branch": "main",
    "instance": "default",
    "host": "web1",
    "required_signatures": 0,
    "signatures": [],
    "trusted": [],
    "rules": [],
    "commands": [],
}


def output(started_at: str = START, stdout: str = "hello") -> dict[str, object]:
    told = {"commit": COMMIT, "rc": 0, "started_at": started_at, "finished_at": END}
    return {**told, "stdout": stdout, "stderr": "careful"}


def call(instance: Path, action: str, *, check_mode: bool = False, **params: object) -> Outcome:
    given = {**DEFAULTS, "action": action, "dir": f"{instance}/ledger", **params}
    return run(Request.from_params(given, check_mode=check_mode))


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "work/default"


def test_end_keeps_output_and_state_for_nobody_else(instance: Path) -> None:
    assert call(instance, "end", output=output()).changed
    assert json.loads((instance / "state.json").read_text(encoding="utf-8"))["status"] == "processed"
    (log,) = (instance / "log").iterdir()
    assert log.name == f"{START}-{COMMIT[:12]}.log"
    assert log.read_text(encoding="utf-8") == (
        f"commit: {COMMIT}\nrc: 0\nstarted: {START}\nfinished: {END}\n--- stdout\nhello\n--- stderr\ncareful\n"
    )
    modes = [path.stat().st_mode & 0o777 for path in (instance, instance / "log", log, instance / "state.json")]
    assert modes == [0o700, 0o700, 0o600, 0o600]


def test_end_works_without_begin_and_begin_leaves_the_last_run(instance: Path) -> None:
    call(instance, "end", output=output())
    begun = call(instance, "begin", status="running")
    assert (begun.state.status, begun.state.since) == ("running", START)
    assert begun.state.last_run
    assert call(instance, "show").state == begun.state


def test_newest_outputs_are_kept_and_shown(instance: Path) -> None:
    for minute in range(4):
        call(instance, "end", output=output(f"2026-11-28T12:0{minute}:00Z", f"run {minute}"))
    (instance / "log/notes.txt").touch()
    shown = call(instance, "show", logs=9).logs
    assert ["run 2" in shown[0][1], "run 3" in shown[1][1]] == [True, True]
    assert [name for name, _text in call(instance, "show", logs=1).logs] == [shown[1][0]]
    call(instance, "end", keep_logs=0, output=output("2026-11-28T12:09:00Z"))
    assert [file.name for file in (instance / "log").iterdir()] == ["notes.txt"]


def test_archive_goes_and_those_of_killed_runs(instance: Path) -> None:
    instance.mkdir(parents=True, mode=0o700)
    for name in ("archive-now.tar", "archive-old.tar", "archive-old.tar.part", "archive-new.tar", "old"):
        (instance / name).touch()
        if "old" in name:
            os.utime(instance / name, (0, 0))
    call(instance, "end", archive=f"{instance}/archive-now.tar")
    assert sorted(file.name for file in instance.iterdir()) == ["archive-new.tar", "log", "old", "state.json"]


def test_archive_goes_also_if_nothing_can_be_kept(instance: Path) -> None:
    instance.mkdir(parents=True, mode=0o700)
    (instance / "archive-now.tar").touch()
    (instance / "log").touch()
    with pytest.raises(Failure):
        call(instance, "end", archive=f"{instance}/archive-now.tar")
    assert not (instance / "archive-now.tar").exists()


def test_check_mode_and_show_make_nothing(instance: Path) -> None:
    assert call(instance, "show", logs=1).state == State()
    assert not call(instance, "end", check_mode=True, output=output()).changed
    assert not instance.exists()
    call(instance, "end")
    assert call(instance, "end", check_mode=True, status="failed", output=output()).changed
    assert call(instance, "show", logs=1).logs == ()


def test_suspended_instance_is_marked_until_it_is_resumed(instance: Path) -> None:
    mark = instance / "hold"
    who = {"reason": "Frozen", "by": "alice"}
    assert call(instance, "suspend", check_mode=True, **who).changed
    assert not instance.exists()
    assert call(instance, "suspend", **who).changed
    assert mark.read_text(encoding="utf-8") == f"Frozen (suspended by alice at {START})\n"
    assert (mark.stat().st_mode & 0o777, instance.stat().st_mode & 0o777) == (0o600, 0o700)
    call(instance, "suspend", reason="Thawing", by="bob")
    assert mark.read_text(encoding="utf-8").startswith("Thawing (suspended by bob")
    call(instance, "end")
    mark.unlink()
    assert call(instance, "suspend", check_mode=True, **who).changed
    assert not mark.exists()
    call(instance, "suspend", **who)
    assert call(instance, "resume", check_mode=True).changed
    assert mark.exists()
    assert call(instance, "resume", at="").changed
    assert not mark.exists()
    assert not call(instance, "resume").changed


def test_resuming_what_is_not_there_makes_nothing(instance: Path) -> None:
    assert not call(instance, "resume").changed
    assert not instance.exists()


@pytest.fixture
def used(instance: Path, tmp_path: Path) -> Path:
    """An instance with all kinds of things in it, and a file elsewhere that a link there names."""
    call(instance, "end", output=output())
    call(instance, "suspend", reason="Frozen", by="alice")
    for folder in ("git/objects", "ledger"):
        (instance / folder).mkdir(parents=True)
        (instance / folder / "file").touch()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/file").touch()
    (instance / "git/foreign").symlink_to(tmp_path / "foreign")
    (instance / "foreign").symlink_to(tmp_path / "foreign")
    return instance


def test_removed_instance_leaves_its_ledger_alone(used: Path) -> None:
    assert call(used, "remove", check_mode=True).changed
    assert (used / "git/objects/file").exists()
    assert call(used, "remove").changed
    assert [path.name for path in used.iterdir()] == ["ledger"]
    assert not call(used, "remove", check_mode=True).changed
    assert not call(used, "remove").changed


def test_removed_instance_leaves_nothing_if_the_ledger_is_to_go(used: Path) -> None:
    assert call(used, "remove", ledger=True).changed
    assert not used.exists()
    assert not call(used, "remove", ledger=True).changed


def test_r14_what_a_link_in_a_removed_instance_names_is_left(used: Path) -> None:
    call(used, "remove", ledger=True)
    assert (used.parents[1] / "foreign/file").exists()


def test_half_removed_instance_is_held(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(path: Path) -> None:
        raise KeyboardInterrupt(path)

    monkeypatch.setattr(removal.shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        call(used, "remove", ledger=True)
    assert (used / "hold").exists()


def test_r14_mark_that_is_a_link_is_replaced_and_taken_away_itself(instance: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("untouched", encoding="utf-8")
    instance.mkdir(parents=True, mode=0o700)
    for action in ("suspend", "resume"):
        (instance / "hold").unlink(missing_ok=True)
        (instance / "hold").symlink_to(foreign)
        assert call(instance, action, reason="Frozen", by="alice").changed
        assert not (instance / "hold").is_symlink()
        assert foreign.read_text(encoding="utf-8") == "untouched"


def test_r14_log_that_is_a_link_to_foreign_files_removes_none(instance: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o777)
    foreign.chmod(0o777)
    (foreign / f"{START}-{COMMIT[:12]}.log").touch()
    instance.mkdir(parents=True, mode=0o700)
    (instance / "log").symlink_to(foreign)
    with pytest.raises(Failure, match=r"^dir: "):
        call(instance, "end", keep_logs=0)
    assert len(list(foreign.iterdir())) == 1


def test_r14_directory_that_others_may_write_to_is_refused(instance: Path) -> None:
    instance.mkdir(parents=True)
    instance.chmod(0o777)
    for action in ("begin", "end", "show", "suspend", "resume"):
        with pytest.raises(Failure, match=r"^dir: "):
            call(instance, action, reason="Frozen", by="alice")
    assert list(instance.iterdir()) == []


def test_r14_outputs_that_others_could_have_put_there_are_not_shown(instance: Path, tmp_path: Path) -> None:
    call(instance, "end", output=output())
    (log,) = (instance / "log").iterdir()
    (tmp_path / "foreign").write_text("made by nobody", encoding="utf-8")
    log.unlink()
    log.symlink_to(tmp_path / "foreign")
    with pytest.raises(Failure, match=r"^dir: .* cannot be used: "):
        call(instance, "show", logs=1)
    log.unlink()
    (instance / "log").chmod(0o777)
    with pytest.raises(Failure, match=rf"^dir: {instance}/log can be written to by others"):
        call(instance, "show", logs=1)


def test_r14_state_that_is_a_link_is_not_followed(instance: Path, tmp_path: Path) -> None:
    instance.mkdir(parents=True, mode=0o700)
    (tmp_path / "foreign").write_text('{"status": "processed"}', encoding="utf-8")
    (instance / "state.json").symlink_to(tmp_path / "foreign")
    with pytest.raises(Failure, match=r"^dir: "):
        call(instance, "show")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"dir": "ledger"}, "dir: it is not an absolute path."),
        ({"at": "now"}, "at: it is not a time"),
        ({"status": ""}, "status: action: end needs it."),
        ({"action": "suspend", "by": "alice"}, "reason: say why."),
        ({"action": "suspend", "reason": "Frozen"}, "by: say who."),
        ({"action": "suspend", "reason": "Frozen", "by": "alice", "at": ""}, "at: it is not a time"),
        ({"commit": "main"}, "commit: it is not a full commit id."),
        ({"output": {**output(), "commit": "../x"}}, "output.commit: it is not a full commit id."),
        ({"output": output("../x")}, "output.started_at: it is not a time"),
        ({"keep_logs": -1}, "keep_logs: it must not be negative."),
        ({"keep_ledger": -1}, "keep_ledger: it must not be negative."),
        ({"logs": -1}, "logs: it must not be negative."),
        ({"attempts": -1}, "attempts: it must not be negative."),
        ({"archive": "/etc/passwd"}, "archive: it does not lie beside dir."),
    ],
)
def test_refusal_names_the_option(instance: Path, params: dict[str, object], words: str) -> None:
    with pytest.raises(Failure) as refused:
        call(instance, **{"action": "end", **params})
    assert str(refused.value).startswith(words)
    assert not instance.exists()


CANARY = "c4n4ry \u202e\n"


def test_no_free_text_and_no_secret_is_in_any_entry(instance: Path) -> None:
    """What others could have written stands in every option; what has no form of its own is there as a digest alone."""
    signature = dict.fromkeys(("signer", "user_id", "created", "signing_key"), CANARY)
    known = {"type": "ssh", "source": "notes", "fingerprint": "SHA256:" + "A" * 43, "signature": "AAAA"}
    entry = {
        "host": CANARY,
        "instance": "default",
        "machine": CANARY,
        "repo": f"https://user:{CANARY}@git.example.com/a.git",
        "branch": "main",
        "previous_commit": "",
        "tree": "7" * 40,
        "required_signatures": 1,
        "signatures": [{**signature, **known}],
        "trusted": [CANARY, {"name": CANARY}],
        "rules": [{"paths": [CANARY]}],
        "image": CANARY,
        "commands": [CANARY],
    }
    texts = dict.fromkeys(("sentence", "step", "reason", "by"), CANARY)
    run = call(instance, "begin", entry=entry, **texts).run
    told = {**output(), "stdout": CANARY, "stderr": CANARY, "signers": [CANARY]}
    tokens = [{"name": CANARY, "accessor": CANARY, "creation_path": CANARY, "token": CANARY}]
    call(instance, "end", entry=entry, run=run, output=told, requests=tokens, **texts)
    (file,) = (instance / "ledger").glob("*.jsonl")
    payloads = [base64.b64decode(json.loads(line)["payload"]) for line in file.read_bytes().splitlines()]
    assert len(payloads) == 2
    assert [payload for payload in payloads if b"c4n4ry" in payload] == []


def test_branch_and_repository_of_any_letters_are_taken_down(instance: Path) -> None:
    given = {"repo": "/srv/d\u00e9ploy me.git", "branch": "a\u00e4" * 200}
    assert call(instance, "begin", entry={**SUBJECT, **given}).run


def test_signatures_are_taken_down_as_long_as_there_is_room(instance: Path) -> None:
    told = {"signer": "x" * 63, "type": "ssh", "source": "notes", "fingerprint": "SHA256:" + "A" * 43}
    signatures = [{**told, "signature": "A" * length} for length in (8193, 8192, 8000, 193, 192, *[800] * 45)]
    call(instance, "begin", entry={**SUBJECT, "signatures": signatures})
    (line,) = next((instance / "ledger").glob("*.jsonl")).read_bytes().splitlines()
    found = json.loads(base64.b64decode(json.loads(line)["payload"]))["predicate"]["signatures"]
    assert [len(each.get("signature", "")) for each in found] == [0, 8192, 8000, 0, 192, *[0] * 45]


def test_newest_entries_are_shown_as_they_stand(instance: Path) -> None:
    for _index in range(2):
        run = call(instance, "begin", entry=SUBJECT).run
        head = call(instance, "end", entry=SUBJECT, run=run, output=output()).head
    assert list(call(instance, "show").entries) == []
    (ledger,) = (instance / "ledger").glob("*.jsonl")
    ledger.write_bytes(ledger.read_bytes() + b'{"half')
    begun, finished = call(instance, "show", entries=2).entries
    assert (begun["event"], begun["number"], begun["rc"], begun["run"]) == ("begun", 2, None, run)
    assert (finished["event"], finished["rc"], finished["head"], finished["commit"]) == ("finished", 0, head, COMMIT)
    assert str(finished["text"]).endswith(f"finished commit {COMMIT} rc 0")
    assert len(call(instance, "show", entries=9).entries) == 4


def test_run_that_was_killed_behind_its_record_is_taken_up_and_ends(instance: Path) -> None:
    begun = call(instance, "begin", entry=SUBJECT)
    assert call(instance, "end", entry=SUBJECT, adopts=True, output=output(), commit="2" * 40).run == ""
    ended = [call(instance, "end", entry=SUBJECT, adopts=True, output=output()) for _index in range(2)]
    assert [each.run for each in ended] == [begun.run, ""]
    assert (ended[0].head != begun.head, ended[1].head) == (True, "")
    shown = call(instance, "show", entries=9).entries
    assert [each["event"] for each in shown] == ["begun", "adopted", "finished"]
    assert {each["run"] for each in shown} == {begun.run}


def test_run_that_was_killed_behind_its_failed_end_goes_on_under_its_id(instance: Path) -> None:
    failed = {**output(), "rc": 3}
    begun = call(instance, "begin", entry=SUBJECT)
    ended = call(instance, "end", entry=SUBJECT, run=begun.run, output=failed)
    again = call(instance, "begin", entry=SUBJECT, adopts=True)
    assert (again.run, again.head) == (begun.run, ended.head)
    assert call(instance, "end", entry=SUBJECT, run=again.run, output=failed).head == ended.head
    assert [each["event"] for each in call(instance, "show", entries=9).entries] == ["begun", "failed"]


def test_what_operators_do_stands_in_the_ledger_by_the_name_and_the_key_of_the_runs(
    instance: Path, tmp_path: Path
) -> None:
    key = tmp_path / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    call(instance, "begin", entry=SUBJECT, key_file=str(key))
    assert call(instance, "suspend", reason="c4n4ry", by="alice").warnings == ()
    assert call(instance, "resume").warnings == ()
    assert not call(instance, "resume").changed
    assert call(instance, "reset", at="", previous_commit="2" * 40).warnings == ()
    assert call(instance, "reset", check_mode=True).warnings == ()
    report = audit.verify([instance / "ledger"], Expected("web1"), ())
    assert (report.problems, len(report.signing_keys)) == ([], 1)
    begun, *noted = call(instance, "show", entries=9).entries
    assert [each["event"] for each in noted] == ["suspended", "resumed", "reset"]
    assert {each["key"] for each in noted} == {begun["key"]}
    assert (noted[-1]["commit"], noted[-1]["run"]) == (COMMIT, "")
    (file,) = (instance / "ledger").glob("*.jsonl")
    assert all(
        b"c4n4ry" not in base64.b64decode(json.loads(line)["payload"]) for line in file.read_bytes().splitlines()
    )


@pytest.mark.parametrize("action", ["suspend", "reset"])
def test_what_operators_do_begins_no_ledger(instance: Path, action: str) -> None:
    call(instance, "end", output=output())
    assert call(instance, action, reason="Frozen", by="alice").warnings == ()
    assert not (instance / "ledger").exists()


def test_what_operators_do_begins_no_ledger_in_an_empty_folder(instance: Path) -> None:
    (instance / "ledger").mkdir(parents=True, mode=0o700)
    instance.chmod(0o700)
    assert call(instance, "suspend", reason="Frozen", by="alice").warnings == ()
    assert list((instance / "ledger").glob("*.jsonl")) == []


def test_ledger_that_cannot_be_read_is_a_warning_to_operators(instance: Path) -> None:
    call(instance, "begin", entry=SUBJECT)
    (ledger,) = (instance / "ledger").glob("*.jsonl")
    ledger.unlink()
    ledger.mkdir()
    (warning,) = call(instance, "suspend", reason="Frozen", by="alice").warnings
    assert warning.startswith(f"the ledger has no entry of this: {instance}/ledger cannot be used: ")
    assert (instance / "hold").exists()


def test_key_of_the_ledgers_own_is_made_anew_for_operators_too(instance: Path) -> None:
    call(instance, "begin", entry=SUBJECT)
    (instance / "ledger/key").unlink()
    (warning,) = call(instance, "suspend", reason="Frozen", by="alice").warnings
    assert "is gone without having named its successor" in warning
    assert [each["event"] for each in call(instance, "show", entries=9).entries] == ["begun", "suspended"]


def test_end_that_names_no_run_ends_none(instance: Path) -> None:
    call(instance, "begin", entry=SUBJECT)
    assert call(instance, "end", entry=SUBJECT, output=output()).run == ""
    assert [each["event"] for each in call(instance, "show", entries=9).entries] == ["begun"]


def test_mark_is_put_and_taken_away_even_if_the_ledger_cannot_say_so(instance: Path) -> None:
    call(instance, "begin", entry=SUBJECT)
    (instance / "ledger/key").unlink()
    (instance / "ledger/key").mkdir()
    (warning,) = call(instance, "suspend", reason="Frozen", by="alice").warnings
    assert warning.startswith("the ledger has no entry of this: dir: ")
    assert (instance / "hold").exists()
    (warning,) = call(instance, "resume").warnings
    assert not (instance / "hold").exists()
