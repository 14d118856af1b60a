# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first secret-id that is handed out wrapped: it is unwrapped once, and whoever else has done so is noticed.

The fixture ``account`` lists the AppRole's secret-ids after every test: the only one alive may be that in the file, or
the one that the test handed out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import stranger
from ansible_collections.flant.gitops.tests.support.http_faults import Fault
from ansible_collections.flant.gitops.tests.support.killing import Kill
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_account import Account

LOOK_UP, UNWRAP = "/v1/sys/wrapping/lookup", "/v1/sys/wrapping/unwrap"
ALARM = r"cannot be unwrapped any more, and no run here has done so: it has expired, or somebody else has unwrapped it"
CUT_OFF = r"a run that was cut off has unwrapped the token in .* ask for a new one\.$"


@pytest.fixture
def wrapped(account: Account, tmp_path: Path) -> Path:
    """Where a wrapping token for a secret-id lies, the only one that there is; `options` lets it be used."""
    account.forget_secret_ids()
    return deliver(account, tmp_path / "wrapped/token")


def deliver(account: Account, file: Path, path: str = "", *, ttl: str = "60s") -> Path:
    file.parent.mkdir(exist_ok=True)
    file.touch(mode=0o600)
    path = path or f"auth/approle/role/{account.role.name}/secret-id"
    file.write_text(account.bao.call("POST", f"/v1/{path}", {}, wrap_ttl=ttl)["wrap_info"]["token"] + "\n", "utf-8")
    account.explain(account.new_tokens())
    return file


def options(account: Account, wrapped: Path) -> dict[str, Any]:
    return {**account.with_file, "secret_id": None, "wrapped_secret_id_file": str(wrapped)}


def left(wrapped: Path) -> set[str]:
    return {path.name for path in wrapped.parent.iterdir()}


def test_it_is_unwrapped_once_kept_and_replaced(account: Account, wrapped: Path) -> None:
    outcome = account.call(**options(account, wrapped), requests=[{"name": "app", "path": account.app}])

    assert (outcome.changed, outcome.secret_id_rotated, len(outcome.tokens)) == (True, True, 1)
    assert left(wrapped) == set()
    kept = account.file.read_text(encoding="utf-8")
    assert account.call(**options(account, wrapped)).secret_id_rotated is False
    assert account.file.read_text(encoding="utf-8") == kept


def test_a_secret_id_in_the_file_that_works_wins(account: Account, wrapped: Path) -> None:
    account.call(**account.with_file, secret_id=account.bao.secret_id(account.role))
    wrapped.chmod(0o644)  # nor is it looked at

    account.call(**options(account, wrapped))

    assert left(wrapped) == {"token"}
    wrapped.chmod(0o600)
    path = f"/v1/auth/approle/role/{account.role.name}/secret-id/destroy"
    account.bao.call("POST", path, {"secret_id": account.file.read_text(encoding="utf-8")})
    account.call(**options(account, wrapped))
    assert left(wrapped) == set()


def test_one_that_somebody_else_has_used_is_an_alarm_at_each_run(account: Account, wrapped: Path, bao: OpenBao) -> None:
    bao.unwrap(wrapped.read_text(encoding="utf-8").strip())

    for _number in range(2):
        with pytest.raises(Failure, match=rf"^wrapped_secret_id_file: the token in {wrapped} {ALARM}") as failed:
            account.call(**options(account, wrapped))
        assert wrapped.read_text(encoding="utf-8").strip() not in str(failed.value)
    assert left(wrapped) == {"token"}
    account.forget_secret_ids()


def test_one_that_somebody_else_uses_between_our_look_and_our_use_is_an_alarm_at_each_run(
    account: Account, wrapped: Path
) -> None:
    with account.proxied() as server:
        server.fail("POST", UNWRAP, Fault(400))
        with pytest.raises(Failure, match=ALARM):
            account.call(**options(account, wrapped), vault_addr=server.address)
    account.bao.unwrap(wrapped.read_text(encoding="utf-8").strip())
    with pytest.raises(Failure, match=ALARM):
        account.call(**options(account, wrapped))
    account.forget_secret_ids()


def test_one_that_has_expired_is_told_with_the_alarm(account: Account, wrapped: Path) -> None:
    deliver(account, wrapped, ttl="1s")
    time.sleep(1.5)

    with pytest.raises(Failure, match=rf"^wrapped_secret_id_file: the token in {wrapped} {ALARM}"):
        account.call(**options(account, wrapped))

    account.forget_secret_ids()


@pytest.mark.parametrize("path", ["auth/approle/role/{other}/secret-id", "sys/wrapping/wrap", "auth/token/create"])
def test_one_that_wraps_something_else_is_not_used(account: Account, wrapped: Path, path: str) -> None:
    other = account.bao.approle()
    account.forget_secret_ids()
    deliver(account, wrapped, path.format(other=other.name))

    with pytest.raises(
        Failure, match=r"wraps what came of '[\w/-]+', and not of auth/approle/role/.*may have been exch"
    ):
        account.call(**options(account, wrapped))

    assert left(wrapped) == {"token"}
    assert account.bao.unwrap(wrapped.read_text(encoding="utf-8").strip())
    account.explain(account.new_tokens())


def test_check_mode_looks_at_it_and_does_not_use_it_up(account: Account, wrapped: Path) -> None:
    outcome = account.call(**options(account, wrapped), check_mode=True, requests=[{"name": "a", "path": account.app}])

    assert (outcome.changed, outcome.secret_id_rotated, outcome.tokens) == (True, False, ())
    assert left(wrapped) == {"token"}
    account.call(**options(account, wrapped))
    deliver(account, wrapped, "sys/wrapping/wrap")
    account.file.unlink()
    with pytest.raises(Failure, match="wraps what came of"):
        account.call(**options(account, wrapped), check_mode=True)
    account.forget_secret_ids()


def test_without_any_the_missing_files_are_named(account: Account, wrapped: Path) -> None:
    wrapped.unlink()
    with pytest.raises(
        Failure, match=rf"^secret_id_file: .* give a secret-id as a token in {wrapped}, which does not exi"
    ):
        account.call(**options(account, wrapped))
    account.file.touch(mode=0o600)
    account.file.write_text("dead")
    with pytest.raises(Failure, match=r"with role_id and the secret-id in .* \(HTTP 400\)"):
        account.call(**options(account, wrapped))
    account.forget_secret_ids()


BEFORE = [  # killed there, the token can still be unwrapped, or the secret-id is kept
    Kill("_vault.client", "Client", "look_up_wrapping", after=True),
    Kill("_vault.wrapped_secret_id", "WrappedSecretId", "_begin", after=True),
    Kill("_vault.client", "Client", "unwrap", after=False),
    Kill("_vault.secret_id_file", "SecretIdFile", "stage", after=True),
    Kill("_vault.secret_id_file", "SecretIdFile", "promote", after=True),
    Kill("_vault.wrapped_secret_id", "WrappedSecretId", "finish", after=False),
    Kill("_vault.wrapped_secret_id", "WrappedSecretId", "_remove", after=True),
    Kill("_vault.wrapped_secret_id", "WrappedSecretId", "finish", after=True),
]


@pytest.mark.parametrize("kill", BEFORE, ids=lambda kill: f"{kill.method}-{'after' if kill.after else 'before'}")
def test_v9_killed_where_nothing_is_lost_the_next_run_works(account: Account, wrapped: Path, kill: Kill) -> None:
    killed = account.start(**options(account, wrapped), kill=kill)
    killed.communicate(timeout=30)
    assert killed.returncode == -9
    account.explain(account.new_tokens())  # the login token of a killed run ends by itself, after token_ttl

    account.call(**options(account, wrapped))

    assert left(wrapped) == set()


LOST = [
    Kill("_vault.client", "Client", "unwrap", after=True),
    Kill("_vault.secret_id_file", "SecretIdFile", "stage", after=False),
]


@pytest.mark.parametrize("kill", LOST, ids=lambda kill: f"{kill.method}-{'after' if kill.after else 'before'}")
def test_v9_killed_where_the_secret_id_is_lost_the_next_run_says_so_and_a_new_one_works(
    account: Account, wrapped: Path, kill: Kill
) -> None:
    account.start(**options(account, wrapped), kill=kill).communicate(timeout=30)

    for _number in range(2):
        with pytest.raises(Failure, match=CUT_OFF):
            account.call(**options(account, wrapped))

    account.forget_secret_ids()
    deliver(account, wrapped)
    account.call(**options(account, wrapped))
    assert left(wrapped) == set()


def test_v3_a_lost_reply_is_not_asked_for_again(account: Account, wrapped: Path) -> None:
    with account.proxied() as server:
        server.fail("POST", UNWRAP, Fault(carried_out=True, cut="reply"))
        with pytest.raises(
            Failure, match=r"^Unwrapping the token in .*the connection was lost; it may have been carried"
        ):
            account.call(**options(account, wrapped), vault_addr=server.address)
        assert server.count("POST", UNWRAP) == 1
    with pytest.raises(Failure, match=CUT_OFF):
        account.call(**options(account, wrapped))
    account.forget_secret_ids()


def test_a_server_that_is_away_costs_nothing(account: Account, wrapped: Path) -> None:
    with account.proxied() as server:
        for path in (LOOK_UP, UNWRAP):
            server.fail("POST", path, Fault(503))
        account.call(**options(account, wrapped), vault_addr=server.address)
        assert (server.count("POST", LOOK_UP), server.count("POST", UNWRAP)) == (2, 2)


def test_a_reply_without_a_secret_id_is_refused(account: Account, wrapped: Path) -> None:
    with account.proxied() as server:
        server.fail("POST", UNWRAP, Fault(200, body=b'{"data": {"other": "canary"}}'))
        with pytest.raises(Failure, match=rf"^wrapped_secret_id_file: the token in {wrapped} wraps no secret-id\.$"):
            account.call(**options(account, wrapped), vault_addr=server.address)
    account.forget_secret_ids()


@pytest.mark.parametrize("text", ["", "two canaries", "canary\u00e9"])
def test_a_file_without_a_token_is_refused(account: Account, wrapped: Path, text: str) -> None:
    wrapped.write_text(text, encoding="utf-8")
    with pytest.raises(Failure) as failed:
        account.call(**options(account, wrapped))
    assert str(failed.value) == f"wrapped_secret_id_file: {wrapped} does not hold a token and nothing else."
    account.forget_secret_ids()


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_v18_one_that_others_can_read_is_refused(account: Account, wrapped: Path, mode: int) -> None:
    wrapped.chmod(mode)
    with pytest.raises(Failure, match=rf"^wrapped_secret_id_file: {wrapped} can be read by others than its owner"):
        account.call(**options(account, wrapped))
    account.forget_secret_ids()


def test_v18_a_link_is_refused(account: Account, wrapped: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(wrapped)
    with pytest.raises(Failure, match=rf"^wrapped_secret_id_file: {link} is a symbolic link\.$"):
        account.call(**options(account, link))
    account.forget_secret_ids()


@stranger.needs_root
def test_v18_a_folder_that_others_may_write_to_is_refused(account: Account) -> None:
    with stranger.public_directory() as directory:
        account.forget_secret_ids()
        wrapped = deliver(account, directory / "token")
        for mode in (0o777, 0o1777):
            directory.chmod(mode)
            with pytest.raises(Failure, match=rf"^wrapped_secret_id_file: {directory} can be written to by others"):
                account.call(**options(account, wrapped))
        directory.chmod(0o755)
        account.forget_secret_ids()


def test_told_to_stop_it_is_kept_before_the_run_ends(account: Account, wrapped: Path) -> None:
    with account.proxied() as server:
        server.fail("POST", UNWRAP, Fault(delay=1.5))
        process = account.start(**options(account, wrapped), vault_addr=server.address)
        until(lambda: server.count("POST", UNWRAP), during=process)
        process.terminate()
        process.communicate(timeout=30)

    assert process.returncode == 1
    account.call(**options(account, wrapped))
    assert left(wrapped) == set()
