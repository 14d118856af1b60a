# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret-id that is kept in a file: when it is replaced, and that no fault locks the run out.

The fixture ``account`` lists the AppRole's secret-ids after every test: the only one alive may be that in the file, or
the one that the test handed out.
"""

from __future__ import annotations

import json
import os
import stat
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault import rotation
from ansible_collections.flant.gitops.tests.support import stranger
from ansible_collections.flant.gitops.tests.support.http_faults import Fault, faulty
from ansible_collections.flant.gitops.tests.support.killing import Kill
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_account import Account

LOGIN = "/v1/auth/approle/login"
DAY = 86400


def content(account: Account) -> str:
    return account.file.read_text(encoding="utf-8")


def begin(account: Account) -> str:
    """Let the file hold a secret-id from a rotation, and the account be without another."""
    account.call(**account.with_file)
    assert account.secret_id != content(account)
    return content(account)


def alive(account: Account) -> set[str]:
    return set(account.bao.secret_ids(account.role))


def companions(account: Account) -> set[str]:
    return {path.name.removeprefix("secret-id") for path in account.file.parent.glob("secret-id*")}


def age(account: Account, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(account.file, (then, then))


def test_the_given_secret_id_is_replaced_at_first_use(account: Account) -> None:
    outcome = account.call(**account.with_file)

    assert (outcome.changed, outcome.secret_id_rotated) == (True, True)
    assert content(account) != account.secret_id
    assert stat.S_IMODE(account.file.stat().st_mode) == 0o600
    assert len(alive(account)) == 1
    assert companions(account) == {"", ".lock", ".rotation"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in account.file.parent.glob("secret-id*"))


def test_the_file_is_preferred_and_kept_until_a_tenth_of_its_life_has_passed(account: Account) -> None:
    begin(account)
    age(account, DAY / 10 - 60)

    kept = account.call(**account.with_file, secret_id="not looked at")
    age(account, DAY / 10)
    replaced = account.call(**account.with_file, secret_id=None)

    assert (kept.changed, kept.secret_id_rotated) == (False, False)
    assert (replaced.changed, replaced.secret_id_rotated) == (True, True)


@pytest.mark.parametrize(("of_the_role", "option", "due"), [("1h", "24h", 360), ("24h", "1h", 360), ("0", "24h", 8640)])
def test_v8_the_shorter_of_both_lifetimes_counts(account: Account, of_the_role: str, option: str, due: int) -> None:
    account.bao.call("POST", f"/v1/auth/approle/role/{account.role.name}", {"secret_id_ttl": of_the_role})
    options = {**account.with_file, "secret_id_ttl": option}
    begun = time.time()

    at = account.call(**options).secret_id_rotate_at

    assert at
    moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    assert begun + due <= moment <= time.time() + due + 1
    assert account.call(**options).secret_id_rotate_at in {at, _a_second_earlier(at)}
    age(account, due)
    assert account.call(**options).secret_id_rotated


def _a_second_earlier(text: str) -> str:
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return datetime.fromtimestamp(moment.timestamp() - 1, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_without_any_lifetime_it_is_replaced_at_first_use_only(account: Account) -> None:
    options = {**account.with_file, "secret_id_ttl": None}

    first = account.call(**options)
    age(account, 1000 * DAY)
    second = account.call(**options)

    assert (first.secret_id_rotated, first.secret_id_rotate_at) == (True, None)
    assert (second.secret_id_rotated, second.secret_id_rotate_at) == (False, None)


def test_v8_bindings_and_metadata_are_carried_over(account: Account, bao: OpenBao) -> None:
    bound = {"cidr_list": ["127.0.0.0/8", "10.0.0.0/8"], "token_bound_cidrs": ["127.0.0.1/32"]}
    secret_id = bao.secret_id(account.role, **bound, metadata=json.dumps({"host": "web1"}))

    account.call(**account.with_file, secret_id=secret_id)

    path = f"/v1/auth/approle/role/{account.role.name}/secret-id/lookup"
    properties = bao.call("POST", path, {"secret_id": content(account)})["data"]
    assert {key: properties[key] for key in bound} == bound
    assert properties["metadata"] == {"host": "web1"}


def test_v7_a_limited_number_of_uses_is_refused_before_anything_is_created(account: Account, bao: OpenBao) -> None:
    for uses, reason in ((1, "its last use"), (3, "secret_id_num_uses must be 0")):
        bao.call("POST", f"/v1/auth/approle/role/{account.role.name}", {"secret_id_num_uses": uses})
        secret_id = bao.secret_id(account.role)
        before = alive(account)

        with pytest.raises(Failure, match=f"^role_name: .*{reason}"):
            account.call(**account.with_file, secret_id=secret_id)

        assert alive(account) <= before
        assert not account.file.exists()
        account.forget_secret_ids()


def test_v7_a_limit_set_since_then_destroys_the_new_secret_id(account: Account, bao: OpenBao) -> None:
    bao.call("POST", f"/v1/auth/approle/role/{account.role.name}", {"secret_id_num_uses": 3})

    with pytest.raises(Failure, match=r"secret_id_num_uses must be 0, as a secret-id is used at every run\.$"):
        account.call(**account.with_file)

    assert companions(account) == {".lock"}


def test_v7_the_uses_of_the_login_token_must_do_for_the_rotation_too(account: Account, bao: OpenBao) -> None:
    bao.call("POST", f"/v1/auth/approle/role/{account.role.name}", {"token_num_uses": 4})
    app = [{"name": "app", "path": account.app}]

    with pytest.raises(Failure, match=r"token_num_uses is 4, but this task needs 5 uses of its login token\.$"):
        account.call(**account.with_file, requests=app)

    assert account.call(**account.with_file).secret_id_rotated


@pytest.mark.parametrize("exists", [True, False])
def test_check_mode_replaces_nothing(account: Account, exists: bool) -> None:
    if exists:
        begin(account)
        age(account, DAY)
    before = companions(account) | {".lock"}, alive(account)

    outcome = account.call(**account.with_file, check_mode=True)

    assert (outcome.changed, outcome.secret_id_rotated) == (True, False)
    assert (companions(account), alive(account)) == before


KILLED = [
    Kill("_vault.client", "Client", "look_up_secret_id", after=False),
    Kill("_vault.client", "Client", "create_secret_id", after=False),
    Kill("_vault.secret_id_file", "SecretIdFile", "stage", after=True),
    Kill("_vault.rotation", "Rotation", "_prove", after=True),
    Kill("_vault.secret_id_file", "SecretIdFile", "prepare", after=False),
    Kill("_vault.secret_id_file", "SecretIdFile", "prepare", after=True),
    Kill("_vault.secret_id_file", "SecretIdFile", "promote", after=True),
    Kill("_vault.client", "Client", "destroy_secret_id", after=False),
    Kill("_vault.client", "Client", "destroy_secret_id", after=True),
    Kill("_vault.secret_id_file", "SecretIdFile", "forget_superseded", after=True),
]


@pytest.mark.parametrize("kill", KILLED, ids=lambda kill: f"{kill.method}-{'after' if kill.after else 'before'}")
@pytest.mark.parametrize("first", [True, False])
def test_v9_killed_at_any_step_the_next_run_works_and_ends_what_is_left(
    account: Account, kill: Kill, first: bool
) -> None:
    if not first:
        begin(account)
        age(account, DAY)
    killed = account.start(**account.with_file, kill=kill)
    killed.communicate(timeout=30)
    assert killed.returncode == -9
    account.explain(account.new_tokens())  # the login tokens of a killed run end by themselves, after token_ttl

    account.call(**account.with_file)

    assert len(alive(account)) == 1
    assert companions(account) == {"", ".lock", ".rotation"}
    assert not account.call(**account.with_file).secret_id_rotated


def test_v9_killed_between_creation_and_staging_only_an_unknown_secret_id_is_left(account: Account) -> None:
    begin(account)
    age(account, DAY)
    killed = account.start(**account.with_file, kill=Kill("_vault.client", "Client", "create_secret_id", after=True))
    killed.communicate(timeout=30)
    assert killed.returncode == -9
    account.explain(account.new_tokens())

    account.call(**account.with_file)

    assert len(alive(account)) == 2  # nobody has ever learnt the other; it ends after the role's secret_id_ttl
    account.forget_secret_ids()


def test_v9_a_staged_secret_id_is_used_when_no_other_works(account: Account) -> None:
    current = begin(account)
    account.file.with_name("secret-id.new").write_text(current)
    account.file.unlink()

    outcome = account.call(**account.with_file, secret_id=None)

    assert outcome.secret_id_rotated
    assert content(account) != current


@pytest.mark.parametrize("limit", [0, 10])
def test_v9_a_full_disk_leaves_the_old_secret_id_and_ends_the_new(account: Account, limit: int) -> None:
    current = begin(account)
    age(account, DAY)

    full = account.start(**account.with_file, file_size_limit=limit)
    _output, stderr = full.communicate(timeout=30)

    assert (full.returncode, stderr) == (
        1,
        f"secret_id_file: {account.file}.new cannot be written: File too large.\n",
    )
    assert content(account) == current
    assert companions(account) == {"", ".lock", ".rotation"}
    assert account.call(**account.with_file).secret_id_rotated


@pytest.mark.parametrize("text", ["", "\n", "\0" * 36])
def test_v9_an_emptied_file_yields_to_the_option_with_a_warning(account: Account, text: str) -> None:
    account.file.write_text(text)
    account.file.chmod(0o600)

    outcome = account.call(**account.with_file)

    assert outcome.secret_id_rotated
    assert outcome.warnings == (f"secret_id_file: {account.file} is empty, so secret_id was used.",)


@pytest.mark.parametrize("exists", [True, False])
def test_v9_an_empty_or_missing_file_without_the_option_is_refused(account: Account, exists: bool) -> None:
    if exists:
        account.file.touch(0o600)

    state = "is empty" if exists else "does not exist yet"
    with pytest.raises(Failure, match=rf"^secret_id_file: {account.file} {state}; give a secret-id as secret_id\.$"):
        account.call(**account.with_file, secret_id=None)

    account.file.unlink(missing_ok=True)


def test_v9_a_dead_secret_id_in_the_file_yields_to_a_newly_given_one(account: Account, bao: OpenBao) -> None:
    dead = begin(account)
    bao.call("POST", f"/v1/auth/approle/role/{account.role.name}/secret-id/destroy", {"secret_id": dead})
    new = bao.secret_id(account.role)

    outcome = account.call(**account.with_file, secret_id=new)

    assert outcome.secret_id_rotated
    assert outcome.warnings == (
        f"secret_id_file: {account.file} holds a secret-id that is no longer accepted, so secret_id was used.",
    )
    assert content(account) not in {dead, new}


def test_v9_nothing_that_works_is_an_error_that_names_the_last_try(account: Account) -> None:
    account.file.write_text("dead")
    account.file.chmod(0o600)

    with pytest.raises(
        Failure,
        match=r"^The login at auth/approle with role_id and secret_id: the server does not accept it \(HTTP 400\)",
    ):
        account.call(**account.with_file, secret_id="dead as well")
    with pytest.raises(Failure, match=rf"with role_id and the secret-id in {account.file}: the server does not"):
        account.call(**account.with_file, secret_id=None)
    account.file.unlink()


def test_v9_a_server_that_cannot_be_asked_does_not_make_the_file_dead(account: Account, bao: OpenBao) -> None:
    begin(account)
    with faulty(bao.address) as server:
        server.fail("POST", LOGIN, Fault(500), times=9)

        with pytest.raises(Failure, match=r"the secret-id in .*\(HTTP 500\)\.$"):
            account.call(**account.with_file, vault_addr=server.address, secret_id="not tried")

        assert server.count("POST", LOGIN) == 1


def test_v9_a_symbolic_link_is_refused(account: Account, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(account.secret_id)
    account.file.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Failure, match=rf"^secret_id_file: {account.file} cannot be read: it is a symbolic link\.$"):
        account.call(**account.with_file)


def test_v9_a_file_that_others_can_read_is_replaced_at_once(account: Account) -> None:
    begin(account)
    account.file.chmod(0o644)

    outcome = account.call(**account.with_file)

    assert outcome.secret_id_rotated
    assert outcome.warnings == (
        f"secret_id_file: {account.file} can be read by other users, so its secret-id is replaced at once.",
    )
    assert stat.S_IMODE(account.file.stat().st_mode) == 0o600
    assert len(alive(account)) == 1


@pytest.mark.parametrize("mode", [0o660, 0o602])
def test_v9_a_file_that_others_can_write_is_refused(account: Account, mode: int) -> None:
    begin(account)
    account.file.chmod(mode)

    with pytest.raises(Failure, match=r"can be written by others; it needs mode 0600 and the task's user as owner\.$"):
        account.call(**account.with_file)


def test_v9_a_file_that_is_dated_ahead_is_due(account: Account) -> None:
    begin(account)
    age(account, -DAY)

    assert account.call(**account.with_file).secret_id_rotated


def test_v9_a_file_put_there_by_hand_is_replaced_at_first_use(account: Account, bao: OpenBao) -> None:
    begin(account)
    bao.call("POST", f"/v1/auth/approle/role/{account.role.name}/secret-id/destroy", {"secret_id": content(account)})
    account.file.write_text(bao.secret_id(account.role) + "\n")

    assert account.call(**account.with_file).secret_id_rotated


@pytest.mark.parametrize("record", ["", "{", "[]", '{"sha256": 1, "ttl": "x"}', None])
def test_v9_a_broken_record_makes_it_due(account: Account, record: str | None) -> None:
    begin(account)
    path = account.file.with_name("secret-id.rotation")
    path.unlink() if record is None else path.write_text(record)

    assert account.call(**account.with_file).secret_id_rotated


def test_v9_a_missing_directory_is_named(account: Account, tmp_path: Path) -> None:
    options = {**account.with_file, "secret_id_file": str(tmp_path / "missing" / "secret-id")}

    with pytest.raises(Failure, match=rf"^secret_id_file: {tmp_path}/missing does not exist\.$"):
        account.call(**options)


@stranger.needs_root
def test_v18_another_user_receives_no_secret_id_however_long_they_try(account: Account) -> None:
    with stranger.public_directory() as public:
        for name, owner in (("ours", 0), ("theirs", stranger.UID)):
            (public / name).mkdir(mode=0o755)
            os.chown(public / name, owner, owner)
        account.file = public / "ours" / "secret-id"
        names = ["secret-id", *(f"secret-id.{companion}" for companion in ("new", "old", "rotation", "lock"))]
        contested = [*(public / "ours" / name for name in names), public / "theirs" / "bait"]
        with stranger.swapping(contested, b"planted", public / "theirs"):
            for _number in range(5):
                assert account.call(**account.with_file).secret_id_rotated
                account.file.chmod(0o644)  # due again: it could have been read
        done = {mark.name.partition("-")[2] for mark in (public / "theirs").iterdir()} - {""}
        assert done == {str(len(names))}, "the bait alone"
        account.forget_secret_ids()
    account.file = account.file.with_name("gone")


def test_a_rotation_that_may_not_be_proved_is_undone(account: Account, bao: OpenBao) -> None:
    current = begin(account)
    age(account, DAY)
    with faulty(bao.address) as server:
        server.fail("POST", LOGIN, Fault(), times=1)
        server.fail("POST", LOGIN, Fault(400), times=2)

        with pytest.raises(Failure, match=r"with role_id and a new secret-id: the server does not accept it"):
            account.call(**account.with_file, vault_addr=server.address)

    assert content(account) == current
    assert companions(account) == {"", ".lock", ".rotation"}


def test_v13_a_new_secret_id_is_looked_up_until_it_is_known(account: Account, bao: OpenBao) -> None:
    """The server stands in for a standby, which may know it at once or not: see test_cluster.py."""
    look_up = f"/v1/auth/approle/role/{account.role.name}/secret-id/lookup"
    with faulty(bao.address) as server:
        server.fail("POST", look_up, Fault(), times=1)
        server.fail("POST", look_up, Fault(204, body=b""), times=3)

        assert account.call(**account.with_file, vault_addr=server.address).secret_id_rotated

        assert (server.count("POST", look_up), server.count("POST", LOGIN)) == (5, 2)


def test_v13_a_login_that_came_too_early_is_tried_once_more(account: Account, bao: OpenBao) -> None:
    with faulty(bao.address) as server:
        server.fail("POST", LOGIN, Fault(), times=1)
        server.fail("POST", LOGIN, Fault(400))

        assert account.call(**account.with_file, vault_addr=server.address).secret_id_rotated

        assert server.count("POST", LOGIN) == 3


def test_v13_one_that_was_just_put_into_the_file_is_given_time(account: Account, bao: OpenBao) -> None:
    account.file.write_text(bao.secret_id(account.role))
    account.file.chmod(0o600)
    put = account.file.stat().st_mtime
    with faulty(bao.address) as server:
        server.fail("POST", LOGIN, Fault(400))
        with pytest.raises(Failure, match="the server does not accept it"):
            account.call(**account.with_file, secret_id=None, vault_addr=server.address)
        assert time.time() - put >= 0.5
        assert server.count("POST", LOGIN) == 1


@pytest.mark.parametrize("seconds", [DAY, -DAY], ids=["older", "ahead"])
def test_v13_none_of_another_time_is_waited_for(
    account: Account, bao: OpenBao, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.file.write_text(bao.secret_id(account.role))
    account.file.chmod(0o600)
    age(account, seconds)
    monkeypatch.setattr(rotation, "_HEARD_OF_WITHIN", 60.0)
    assert account.call(**account.with_file, secret_id=None).secret_id_rotated
    account.call(**account.with_file, secret_id=None)  # which is not waited for either, as a rotation proves it


def test_a_new_secret_id_that_cannot_be_destroyed_is_left_for_the_next_run(account: Account, bao: OpenBao) -> None:
    begin(account)
    age(account, DAY)
    with faulty(bao.address) as server:
        server.fail("POST", LOGIN, Fault(), times=1)
        server.fail("POST", LOGIN, Fault(400), times=2)
        server.fail("POST", f"/v1/auth/approle/role/{account.role.name}/secret-id/destroy", Fault(500))

        with pytest.raises(Failure, match=r"\(HTTP 400\)\. .*POST /v1/.*/secret-id/destroy: .*\(HTTP 500\)\.$"):
            account.call(**account.with_file, vault_addr=server.address)

    assert len(alive(account)) == 2
    assert ".new" in companions(account)
    account.call(**account.with_file)


def test_an_old_secret_id_that_cannot_be_destroyed_fails_and_is_left_for_the_next_run(
    account: Account, bao: OpenBao
) -> None:
    current = begin(account)
    age(account, DAY)
    with faulty(bao.address) as server:
        server.fail("POST", f"/v1/auth/approle/role/{account.role.name}/secret-id/destroy", Fault(403))

        with pytest.raises(Failure, match=r"^The secret-id was replaced, but the old one is left for a later run\. "):
            account.call(**account.with_file, vault_addr=server.address)

    assert content(account) != current
    assert len(alive(account)) == 2
    assert not account.call(**account.with_file).secret_id_rotated


def test_an_interrupted_rotation_is_completed(account: Account, bao: OpenBao) -> None:
    current = begin(account)
    age(account, DAY)
    with faulty(bao.address) as server:
        create = f"/v1/auth/approle/role/{account.role.name}/secret-id"
        server.fail("POST", create, Fault())  # the look-up
        server.fail("POST", create, Fault(delay=1))
        process = account.start(**account.with_file, vault_addr=server.address)
        until(lambda: server.count("POST", create) == 2, during=process)
        process.terminate()
        _output, stderr = process.communicate(timeout=30)

    assert (process.returncode, stderr) == (
        1,
        "Interrupted by SIGTERM; everything that was begun has been cleaned up.\n",
    )
    assert content(account) != current
    assert companions(account) == {"", ".lock", ".rotation"}


def test_v9_runs_at_once_on_one_file_do_not_lock_each_other_out(account: Account, bao: OpenBao) -> None:
    begin(account)
    age(account, DAY)
    options = {**account.with_file, "secret_id": None, "requests": [{"name": "app", "path": account.app}]}
    with faulty(bao.address) as server:
        look_up = f"/v1/auth/approle/role/{account.role.name}/secret-id/lookup"
        server.fail("POST", look_up, Fault(delay=1), times=4)  # so that all of them meet

        runs = [account.start(**options, vault_addr=server.address) for _run in range(4)]
        ended = [(process.communicate(timeout=60), process.returncode) for process in runs]

    assert [code for _output, code in ended] == [0] * 4, ended
    results = [json.loads(stdout) for (stdout, _stderr), _code in ended]
    assert [result["secret_id_rotated"] for result in results].count(True) == 1
    account.explain({request["accessor"] for result in results for request in result["requests"]})
    assert not account.call(**account.with_file, secret_id=None).secret_id_rotated
