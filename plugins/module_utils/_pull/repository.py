# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The repository of the playbook where not everybody may read it: how ansible-pull's git gets there.

git is told by its environment, and no secret is among that: ssh reads the key itself, and git asks a credential helper
for the password, which is the program of the schedule. See git-config(1), "ENVIRONMENT", and gitcredentials(7).
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import ssh_key
from ansible_collections.flant.gitops.plugins.module_utils._secret_file import secret_in
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN_PATH = r"/[A-Za-z0-9/._-]+"
"""A path that means the same to a shell, to ssh and to git, without quotes."""

PREFIX = "flant_gitops_schedule_"
"""What the names of the role's variables begin with."""

CREDENTIAL = "credential"
"""What git asks the program for; it adds ``get``, ``store`` or ``erase``."""

_FILES = ("ssh_key_file", "ssh_known_hosts_file", "ca_cert_file", "password_file")
# Of two values ssh takes the first: what ansible-pull's own options add, such as --accept-host-key, comes too late.
_SSH = (
    "ssh -F none -oBatchMode=yes -oStrictHostKeyChecking=yes -oIdentitiesOnly=yes -oIdentityAgent=none"
    " -oIdentityFile={0.ssh_key_file} -oUserKnownHostsFile={0.ssh_known_hosts_file} -oGlobalKnownHostsFile=none"
    " -oUpdateHostKeys=no -oServerAliveInterval=15 -oServerAliveCountMax=4"
)
_SERVER = re.compile(r"https://[^/]+")


class Repository(NamedTuple):
    """What is needed beside the ``url``; what is empty is not needed, and `refuse` says what goes with what."""

    url: str = ""
    ssh_key_file: str = ""
    ssh_known_hosts_file: str = ""
    ca_cert_file: str = ""
    username: str = ""
    password_file: str = ""


def refuse(repository: Repository) -> None:
    """Refuse what does not go together, and paths that are not plain.

    Raises:
        Failure: the sentence begins with the name of the role's variable.
    """
    for name in _FILES:
        path = getattr(repository, name)
        if path and not re.fullmatch(PLAIN_PATH, path):
            raise Failure(f"{PREFIX}{name}: it must be an absolute path of letters, digits, '/', '.', '_' and '-'.")
    for one, other in (("ssh_key_file", "ssh_known_hosts_file"), ("username", "password_file")):
        for name, missing in ((one, other), (other, one)):
            if getattr(repository, name) and not getattr(repository, missing):
                raise Failure(f"{PREFIX}{name}: it goes with {PREFIX}{missing}, which is not given.")
    is_https = bool(_SERVER.match(repository.url))
    for name in ("username", "ca_cert_file"):
        if getattr(repository, name) and not is_https:
            raise Failure(f"{PREFIX}{name}: it is for https only, and {PREFIX}repo_url is no https URL.")
    if repository.ssh_key_file and re.match(r"(?!ssh:)\w+://|/", repository.url):
        raise Failure(f"{PREFIX}ssh_key_file: it is for ssh only, and {PREFIX}repo_url is no ssh URL.")
    if not re.fullmatch(r"[\x20-\x7e]*", repository.username):
        raise Failure(f"{PREFIX}username: it must be printable ASCII.")


def environment(repository: Repository, program: Sequence[str]) -> dict[str, str]:
    """Return the variables that git needs; it asks ``program``, a command line, for the password."""
    if repository.ssh_key_file:
        return {"GIT_SSH_COMMAND": _SSH.format(repository), "GIT_SSH_VARIANT": "ssh"}
    configuration = []
    found = _SERVER.match(repository.url)
    server = found[0] if found else ""
    if repository.ca_cert_file:
        configuration.append((f"http.{server}/.sslCAInfo", repository.ca_cert_file))
    if repository.password_file:
        helper = f"!{shlex.join((*program, CREDENTIAL))}"
        configuration += [
            (f"http.{server}/.followRedirects", "false"),  # or another server gets the password
            (f"credential.{server}.helper", ""),  # which leaves out those that the user may have
            (f"credential.{server}.helper", helper),
        ]
    if not configuration:
        return {}
    result = {"GIT_CONFIG_COUNT": str(len(configuration)), "GIT_TERMINAL_PROMPT": "0"}
    for number, (name, value) in enumerate(configuration):
        result[f"GIT_CONFIG_KEY_{number}"] = name
        result[f"GIT_CONFIG_VALUE_{number}"] = value
    return result


def credential(repository: Repository, operation: str) -> str:
    """Return what git is answered.

    Raises:
        Failure: the password cannot be read, or others can read it.
    """
    if operation != "get":
        return ""
    password = secret_in(Path(repository.password_file), f"{PREFIX}password_file")
    return f"username={repository.username}\npassword={password}\n"


def check(repository: Repository) -> None:
    """Refuse files that others have a say in, or that cannot be what they are said to be.

    Raises:
        Failure: the sentence begins with the name of the role's variable, and quotes no secret.
    """
    if repository.password_file:
        secret_in(Path(repository.password_file), f"{PREFIX}password_file")
    for name in ("ssh_known_hosts_file", "ca_cert_file"):
        if getattr(repository, name):
            with trusted_file(Path(getattr(repository, name)), f"{PREFIX}{name}"):
                pass
    if repository.ssh_key_file:
        option = f"{PREFIX}ssh_key_file"
        with trusted_file(Path(repository.ssh_key_file), option, secret=True) as file:
            content = file.read(ssh_key.MOST_BYTES)
        if ssh_key.defect(content):
            raise Failure(f"{option}: ssh cannot read {repository.ssh_key_file}: {ssh_key.defect(content)}.")
        if ssh_key.is_encrypted(content):
            raise Failure(f"{option}: {repository.ssh_key_file} is protected by a passphrase, which nobody can enter.")
