# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two environments: one that tests build their repositories and keys in, and one that must never act on the code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NOWHERE = "/nonexistent/poison"
_DEAD_PROXY = "http://poison:poison@127.0.0.1:9"


def clean() -> dict[str, str]:
    """Return a new environment for a test's own git, gpg and servers, which no setting of the machine reaches."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A. Author",
        "GIT_AUTHOR_EMAIL": "author@example.test",
        "GIT_COMMITTER_NAME": "C. Committer",
        "GIT_COMMITTER_EMAIL": "committer@example.test",
    }


def poisoned(home: Path) -> dict[str, str]:
    """Fill the empty folder ``home`` with hostile settings and return the variables that point at them.

    A git, gpg or HTTP client that inherits any of them stops with an error or goes to a dead port, so that code
    that forgot to build an environment of its own fails in every test, not only in one about environments.
    """
    _write(home / ".gitconfig", "[poison\n")
    _write(home / "git/config", "[poison\n")
    _write(home / ".netrc", "default login poison password poison\n")
    _write(home / ".vault-token", "poison-token")
    _write(home / ".gnupg", "where gpg wants a folder")
    _write(home / ".ssh/config", "PoisonIsNoOptionOfSsh yes\n")
    _write(home / ".docker/config.json", f'{{"proxies": {{"default": {{"httpProxy": "{_DEAD_PROXY}"}}}}}}')
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        **_GIT,
        "GNUPGHOME": _NOWHERE,
        "SSH_AUTH_SOCK": _NOWHERE,
        "SSH_ASKPASS": "false",
        **dict.fromkeys(_PROXIES, _DEAD_PROXY),
        "NETRC": str(home / ".netrc"),
        "REQUESTS_CA_BUNDLE": _NOWHERE,
        "CURL_CA_BUNDLE": _NOWHERE,
        **{f"{product}_{name}": value for product in ("VAULT", "BAO") for name, value in _VAULT.items()},
        **_DOCKER,
    }


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)


_GIT = {
    "GIT_DIR": _NOWHERE,
    "GIT_WORK_TREE": _NOWHERE,
    "GIT_INDEX_FILE": _NOWHERE,
    "GIT_OBJECT_DIRECTORY": _NOWHERE,
    "GIT_EXEC_PATH": _NOWHERE,
    "GIT_TEMPLATE_DIR": _NOWHERE,
    "GIT_CONFIG_GLOBAL": _NOWHERE,
    "GIT_CONFIG_COUNT": "1",  # and no GIT_CONFIG_KEY_0: fatal
    "GIT_CONFIG_PARAMETERS": "poison",
    "GIT_SSH_COMMAND": "false",
    "GIT_ASKPASS": "false",
    "GIT_PROXY_COMMAND": "false",
    "GIT_SSL_NO_VERIFY": "1",
    "GIT_SSL_CAINFO": _NOWHERE,
    "GIT_TRACE": "1",
    "GIT_PYTHON_GIT_EXECUTABLE": "false",
    "GIT_PYTHON_REFRESH": "raise",
}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_VAULT = {
    "ADDR": "http://127.0.0.1:9",
    "TOKEN": "poison-token",
    "NAMESPACE": "poison",
    "CACERT": _NOWHERE,
    "CAPATH": _NOWHERE,
    "CLIENT_CERT": _NOWHERE,
    "CLIENT_KEY": _NOWHERE,
    "SKIP_VERIFY": "true",
}
_DOCKER = {
    "DOCKER_CONFIG": _NOWHERE,
    "DOCKER_CONTEXT": "poison",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_CERT_PATH": _NOWHERE,
}
