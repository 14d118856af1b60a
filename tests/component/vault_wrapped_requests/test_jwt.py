# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in by a token in a file: an issuer's of the test's own, or a service account's of Kubernetes.

No cluster runs here: for the API that OpenBao asks about a service account's token stands `TokenReview`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import stranger
from ansible_collections.flant.gitops.tests.support.tokens import AUDIENCE, Issuer

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.vault_account import Account
    from ansible_collections.flant.gitops.tests.support.vault_logins import JwtLogin, KubernetesLogin

both = pytest.mark.parametrize("account", ["jwt", "kubernetes"], indirect=True)
by_jwt = pytest.mark.parametrize("account", ["jwt"], indirect=True)
by_kubernetes = pytest.mark.parametrize("account", ["kubernetes"], indirect=True)
BOUND = "The role must exist there, and its bound_audiences, bound_subject and bound_claims must fit the token."


@pytest.fixture
def login(account: Account) -> JwtLogin:
    return account.login


def refusal(account: Account, **options: str) -> str:
    """Return why a login is refused, without what it was for."""
    with pytest.raises(Failure) as failed:
        account.call(requests=[{"name": "app", "path": account.app}], **options)
    assert account.login.file.read_text(encoding="utf-8").strip() not in str(failed.value)
    role = options.get("auth_role", account.options["auth_role"])
    purpose = f"The login at auth/{account.login.mount_point} with the token in {account.login.file} as {role!r}: "
    return str(failed.value).removeprefix(purpose)


@both
def test_a_token_is_enough(account: Account) -> None:
    outcome = account.call(requests=[{"name": "app", "path": account.app}])

    assert account.bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_APP"])["data"]["data"] == {"password": "hidden-value"}
    assert (outcome.secret_id_rotated, outcome.secret_id_rotate_at, outcome.warnings) == (False, None, ())


@both
def test_one_that_has_expired_is_refused(account: Account, login: JwtLogin) -> None:
    login.write(exp=int(time.time()) - 3600)
    assert ". The token has expired at 2" in refusal(account)


@by_jwt
def test_one_that_is_not_valid_yet_is_refused(account: Account, login: JwtLogin) -> None:
    login.write(nbf=int(time.time()) + 3600, exp=int(time.time()) + 7200)
    assert "(HTTP 400). The token is not valid before 2" in refusal(account)


@by_jwt
@pytest.mark.parametrize(
    ("audience", "shown"),
    [("other.test", "other.test"), (["a", "b\x1b[0m"], "a, b"), ([], "no audience"), (5, "no audience")],
)
def test_one_for_others_is_refused(account: Account, login: JwtLogin, audience: object, shown: str) -> None:
    login.write(aud=audience)
    found = refusal(account)
    assert found.startswith(f"the server does not accept it (HTTP 400). {BOUND} The token is for {shown}")
    assert found.isprintable()


@by_jwt
def test_one_of_another_issuer_or_subject_is_refused(account: Account, login: JwtLogin) -> None:
    sentence = f"the server does not accept it (HTTP 400). {BOUND} The token is for {AUDIENCE}."
    login.write(sub="another")
    assert refusal(account) == sentence
    login.file.write_text(Issuer().token(), encoding="utf-8")
    assert refusal(account) == sentence


@both
def test_a_role_that_does_not_exist_is_refused(account: Account) -> None:
    assert "(HTTP 400). The role must exist there" in refusal(account, auth_role="missing")


@both
def test_a_mount_point_that_does_not_exist_is_named(account: Account) -> None:
    with pytest.raises(Failure, match=r"^The login at auth/nowhere with .* \(HTTP 403\)\. .* see auth_mount_point\."):
        account.call(auth_mount_point="auth/nowhere")


@both
def test_the_file_is_read_anew_by_each_run(account: Account, login: JwtLogin) -> None:
    account.call()
    login.write(exp=int(time.time()) - 3600)
    refusal(account)
    login.write()
    account.call()


@both
def test_v18_a_file_that_others_can_read_is_refused(account: Account, login: JwtLogin) -> None:
    login.file.chmod(0o644)
    sentence = f"jwt_file: {login.file} can be read by others than its owner; its mode must be 0600."
    assert refusal(account, vault_addr="https://127.0.0.1:9") == sentence
    login.file.chmod(0o400)
    account.call()


def projected(login: JwtLogin, volume: Path) -> Path:
    """Make a projected volume as a kubelet does, which is a memory's file system, and return where its token is."""
    volume.mkdir()
    volume.chmod(0o1777)
    data = volume / "..2026_11_29_10_00_00.1"
    data.mkdir(mode=0o755)
    login.file.rename(data / "token")
    (volume / "..data").symlink_to(data.name)
    (volume / "token").symlink_to("..data/token")
    return volume / "token"


@both
def test_a_projected_volume_is_followed_to_its_token(account: Account, login: JwtLogin, tmp_path: Path) -> None:
    token = projected(login, tmp_path / "volume")
    login.file = token
    account.call(jwt_file=str(token))


@stranger.needs_root
@by_jwt
def test_v18_a_link_that_others_can_turn_elsewhere_is_refused(account: Account, login: JwtLogin) -> None:
    with stranger.public_directory() as directory:
        token = projected(login, directory / "volume")
        login.file = token
        account.call(jwt_file=str(token))
        (directory / "volume").chmod(0o777)
        assert refusal(account, jwt_file=str(token)).startswith(f"jwt_file: {directory}/volume can be written to by")
        (directory / "volume").chmod(0o1777)

        def link() -> None:
            (directory / "volume/other").symlink_to("..data/token")

        stranger.does(link)
        sentence = refusal(account, jwt_file=str(directory / "volume/other"))
        assert f"volume/other is a symbolic link of another user (uid {stranger.UID})" in sentence


@by_jwt
@pytest.mark.parametrize(
    "text", ["", "canary", "canary.canary", "a.b.canary d", "a.b.c.d.canary", "a.b.canary\x00", "\u00e9.b.c"]
)
def test_a_file_without_a_token_is_refused_before_anything_is_sent(
    account: Account, login: JwtLogin, text: str
) -> None:
    login.file.write_text(text, encoding="utf-8")
    with pytest.raises(Failure) as failed:
        account.call(vault_addr="https://127.0.0.1:9")
    assert str(failed.value) == f"jwt_file: {login.file} does not hold a JWT and nothing else."


@by_jwt
@pytest.mark.parametrize(
    "payload", ["canary", "W10", "bnVsbA", "eyJleHAiOiAibm93In0", "eyJleHAiOiAxZTk5OX0", "eyJuYmYiOiAxZTk5OX0"]
)
def test_a_token_that_says_nothing_sound_is_refused_by_the_server(
    account: Account, login: JwtLogin, payload: str
) -> None:
    login.file.write_text(f"e30.{payload}.c2ln", encoding="utf-8")
    assert refusal(account) == f"the server does not accept it (HTTP 400). {BOUND} The token is for no audience."


@by_kubernetes
@pytest.mark.parametrize("of", [{"account": "other"}, {"namespace": "other"}], ids=["account", "namespace"])
def test_the_token_of_another_service_account_is_refused(
    account: Account, login: KubernetesLogin, of: dict[str, str]
) -> None:
    login.write(**of)
    assert "permission denied (HTTP 403). Kubernetes must answer the server and know the token, and" in refusal(account)


@by_kubernetes
def test_the_token_of_a_pod_that_is_gone_is_refused(account: Account, login: KubernetesLogin) -> None:
    login.api.known.clear()
    assert "permission denied (HTTP 403). Kubernetes must answer the server and know the token, and" in refusal(account)


@by_kubernetes
def test_a_service_accounts_token_for_others_is_refused(account: Account, login: KubernetesLogin) -> None:
    login.write(aud=["https://kubernetes.default.svc"])
    assert refusal(account).endswith(" The token is for https://kubernetes.default.svc.")
    assert login.api.asked == [] or login.api.asked[-1] != ["https://kubernetes.default.svc"]


@by_kubernetes
def test_kubernetes_is_asked_for_the_audience_of_the_role(account: Account, login: KubernetesLogin) -> None:
    account.call()
    assert login.api.asked[-1] == [AUDIENCE]


@by_kubernetes
def test_kubernetes_that_does_not_answer_is_named(account: Account, login: KubernetesLogin) -> None:
    path = f"/v1/auth/{login.mount_point}/config"
    config = {**account.bao.call("GET", path)["data"], "kubernetes_host": "http://127.0.0.1:9"}
    kept = {name: config[name] for name in ("kubernetes_ca_cert", "disable_local_ca_jwt", "kubernetes_host")}
    account.bao.call("POST", path, {**kept, "token_reviewer_jwt": login.api.reviewer})
    assert "permission denied (HTTP 403). Kubernetes must answer the server and know the token, and" in refusal(account)


@by_kubernetes
def test_a_method_that_nobody_has_configured_is_named(account: Account, login: KubernetesLogin) -> None:
    account.bao.call("DELETE", f"/v1/sys/auth/{login.mount_point}")
    account.bao.call("POST", f"/v1/sys/auth/{login.mount_point}", {"type": "kubernetes"})
    account.options |= login.as_role("default")
    assert "(HTTP 500). The server's own log says why; it may lack its config" in refusal(account)
