# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in by certificate, with an authority of the test's own: what is refused says why in one sentence."""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import stranger
from ansible_collections.flant.gitops.tests.support.http_faults import faulty
from cryptography.hazmat.primitives import serialization

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.vault_account import Account
    from ansible_collections.flant.gitops.tests.support.vault_logins import CertLogin

pytestmark = pytest.mark.parametrize("account", ["cert"], indirect=True)
ROLE = "The role must exist there, trust the authority that has issued the certificate, and allow its names."


@pytest.fixture
def login(account: Account) -> CertLogin:
    return account.login


def refusal(account: Account, **options: str) -> str:
    """Return why a login is refused, without what it was for."""
    with pytest.raises(Failure) as failed:
        account.call(requests=[{"name": "app", "path": account.app}], **options)
    purpose = f"The login at auth/{account.login.mount_point} with the certificate in {account.login.certificate} as "
    return str(failed.value).removeprefix(f"{purpose}{options.get('auth_role', account.options['auth_role'])!r}: ")


def test_a_certificate_is_enough(account: Account) -> None:
    outcome = account.call(requests=[{"name": "app", "path": account.app}])

    assert account.bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_APP"])["data"]["data"] == {"password": "hidden-value"}
    assert (outcome.secret_id_rotated, outcome.secret_id_rotate_at, outcome.warnings) == (False, None, ())


def test_one_of_another_authority_is_refused(account: Account, login: CertLogin) -> None:
    login.write(trustme.CA())
    assert refusal(account) == f"the server does not accept it (HTTP 400). {ROLE}"


def test_one_that_has_expired_is_told_from_that(account: Account, login: CertLogin) -> None:
    login.write(not_after=datetime(2021, 1, 1, tzinfo=timezone.utc))
    assert refusal(account).endswith("(HTTP 500). The certificate has expired at 2021-01-01T00:00:00Z.")


def test_one_without_a_common_name_is_told_from_that(account: Account, login: CertLogin) -> None:
    options = {"auth_role": "any"}
    trusted = {"certificate": login.authority.cert_pem.bytes().decode()}
    account.bao.call("POST", f"/v1/auth/{login.mount_point}/certs/any", trusted)
    login.write(common_name=None)
    assert "(HTTP 500). A certificate without a common name is answered so" in refusal(account, **options)


@pytest.mark.parametrize("role", ["missing", "of-another"])
def test_a_role_that_it_does_not_stand_for_is_refused(account: Account, login: CertLogin, role: str) -> None:
    certificate = login.authority.cert_pem.bytes().decode()
    body = {"certificate": certificate, "allowed_common_names": ["other.example.test"]}
    account.bao.call("POST", f"/v1/auth/{login.mount_point}/certs/of-another", body)

    assert refusal(account, auth_role=role) == f"the server does not accept it (HTTP 400). {ROLE}"


def test_a_mount_point_that_does_not_exist_is_named(account: Account) -> None:
    with pytest.raises(Failure, match=r"^The login at auth/nowhere .* \(HTTP 403\)\. .*; see auth_mount_point\.$"):
        account.call(auth_mount_point="auth/nowhere")


def test_a_key_that_does_not_fit_is_refused_before_anything_is_sent(account: Account, login: CertLogin) -> None:
    login.key.write_bytes(login.authority.private_key_pem.bytes())
    sentence = f"client_key_file: {login.key} is not the key of the certificate in client_cert_file."
    assert refusal(account, vault_addr="https://127.0.0.1:9") == sentence


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_v18_a_key_that_others_can_read_is_refused(account: Account, login: CertLogin, mode: int) -> None:
    login.key.chmod(mode)
    sentence = f"client_key_file: {login.key} can be read by others than its owner; its mode must be 0600."
    assert refusal(account, vault_addr="https://127.0.0.1:9") == sentence


def test_v18_a_key_that_is_a_link_is_refused(account: Account, login: CertLogin, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(login.key)
    assert refusal(account, client_key_file=str(link)) == f"client_key_file: {link} is a symbolic link."


@stranger.needs_root
def test_v18_files_that_others_can_exchange_are_refused(account: Account, login: CertLogin) -> None:
    with stranger.public_directory() as directory:
        for option, file in (("client_cert_file", login.certificate), ("client_key_file", login.key)):
            copy = directory / file.name
            copy.touch(mode=0o600)
            copy.write_bytes(file.read_bytes())
            directory.chmod(0o777)
            assert refusal(account, **{option: str(copy)}).startswith(f"{option}: {directory} can be written to by")
            directory.chmod(0o755)
        account.call(client_cert_file=str(directory / "machine.pem"), client_key_file=str(directory / "machine.key"))


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_refused(account: Account, login: CertLogin, text: str) -> None:
    login.certificate.write_text(text)
    assert refusal(account) == f"client_cert_file: {login.certificate} holds no certificate in PEM form."


@pytest.mark.parametrize("kind", ["none", "locked"])
def test_a_file_without_a_key_that_can_be_used_is_refused(account: Account, login: CertLogin, kind: str) -> None:
    pem = b"canary-of-the-key"
    if kind == "locked":
        key = serialization.load_pem_private_key(login.key.read_bytes(), None)
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(*form, serialization.BestAvailableEncryption(b"word"))
    login.key.write_bytes(pem)
    sentence = "holds no private key in PEM form, or one with a passphrase, which nobody is here to give."
    assert refusal(account) == f"client_key_file: {login.key} {sentence}"


@pytest.mark.parametrize("option", ["client_cert_file", "client_key_file"])
def test_a_file_that_is_missing_is_named(account: Account, tmp_path: Path, option: str) -> None:
    assert refusal(account, **{option: str(tmp_path / "none")}) == f"{option}: {tmp_path}/none does not exist."


def test_intermediate_certificates_are_shown_too(account: Account, login: CertLogin) -> None:
    login.write(login.authority.create_child_ca())
    account.call(requests=[{"name": "app", "path": account.app}])


def test_a_certificate_that_was_renewed_is_read_anew(account: Account, login: CertLogin) -> None:
    account.call()
    login.write()
    account.call()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_ends_the_handshake_is_told_from_one_without_tls(
    account: Account, login: CertLogin, version: ssl.TLSVersion
) -> None:
    """A server of the test's own stands for one whose listener verifies certificates, not only the login."""
    assert account.bao.authority
    context = account.bao.authority.server_context()
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    login.authority.configure_trust(context)
    login.write(trustme.CA())
    with faulty(account.bao.address, tls=context) as server:
        sentence = "the server ends the TLS handshake for want of a certificate that it accepts; see client_cert_file."
        assert refusal(account, vault_addr=server.address) == sentence
        assert server.connections == 1
        assert server.seen == []
