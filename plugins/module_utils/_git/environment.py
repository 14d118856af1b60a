# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The variables and options of every git process, the same whatever the environment of this one holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._git.url import RemoteUrl
    from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy

SSH_KEY = "ssh_key"
SSH_KNOWN_HOSTS = "ssh_known_hosts"
"""Names, in git's home, of links to the operator's files: so that no path is ever quoted for a shell or for ssh."""

_SSH = " ".join(
    (
        "ssh -F none -oBatchMode=yes -oStrictHostKeyChecking=yes -oIdentitiesOnly=yes -oIdentityAgent=none",
        f"-oIdentityFile={SSH_KEY} -oUserKnownHostsFile={SSH_KNOWN_HOSTS} -oGlobalKnownHostsFile=none",
        "-oUpdateHostKeys=no -oServerAliveInterval=15 -oServerAliveCountMax=4",
    ),
)

# What real histories hold, though git's own tools no longer write it. Everything else fsck finds is refused.
_TOLERATED = (
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "zeroPaddedDate",
)
_CONFIGURATION = {
    "core.askPass": "",
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.fsync": "committed,reference",
    # Memory: neither a large file nor a large pack is ever held whole.
    "core.bigFileThreshold": "1m",
    "core.deltaBaseCacheLimit": "4m",
    "core.packedGitLimit": "8m",
    "core.packedGitWindowSize": "1m",
    "credential.helper": "",
    "fetch.fsckObjects": "true",
    **{f"fetch.fsck.{problem}": "warn" for problem in _TOLERATED},
    "fetch.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "maintenance.auto": "false",
    "protocol.version": "2",
    "tar.umask": "0022",
}


class Access(NamedTuple):
    """A remote repository, the way to it, and what its server is shown and checked against."""

    url: RemoteUrl
    username: str = ""
    password: str = ""
    ssh_key_file: str = ""
    ssh_known_hosts_file: str = ""
    ca_cert_file: str = ""
    proxy: Proxy | None = None

    def __repr__(self) -> str:
        """Leave out the password, wherever this is shown."""
        return f"Access({self.url.text!r})"

    @property
    def has_credentials(self) -> bool:
        """Whether there is something to show to a server that asks, which only happens over HTTPS."""
        return self.url.scheme == "https" and bool(self.username or self.password)

    @property
    def proxy_on_the_way(self) -> Proxy | None:
        """The proxy, if this server is reached through it: never one on this very machine."""
        return None if self.url.loopback or self.url.scheme not in ("http", "https") else self.proxy

    def at(self, url: RemoteUrl) -> Access:
        """Return the access to ``url``, a submodule; the password only goes along to the same server."""
        access = self._replace(url=url)
        return access if self.url.same_server(url) else access._replace(username="", password="")


def variables(home: Path, access: Access | None = None) -> dict[str, str]:
    """Return the whole environment of a git process.

    ``home`` is git's own, private folder; without ``access`` the process can talk to nobody.
    """
    result = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_ALLOC_LIMIT": "1g",  # a commit or tree is unpacked whole, and a few kilobytes may stand for gigabytes
        "GIT_ALLOW_PROTOCOL": access.url.scheme if access else "none",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DEFAULT_REF_FORMAT": "files",  # as `Cache.ref` reads them; git before 2.45 knows no other format
        "GIT_GRAFT_FILE": f"{os.devnull}/grafts",  # there is none: grafts would give commits other parents
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if access and access.url.scheme == "ssh":
        result["GIT_SSH_COMMAND"] = _SSH
        result["GIT_SSH_VARIANT"] = "ssh"
    if access and access.ca_cert_file:
        result["GIT_SSL_CAINFO"] = access.ca_cert_file
        # Or git reads the system's certificates all the same, which takes 40 ms; curl with OpenSSL takes no empty path.
        result["GIT_SSL_CAPATH"] = os.devnull
    if access and (access.has_credentials or access.proxy_on_the_way):
        from ansible_collections.flant.gitops.plugins.module_utils._git.undisclosed import variables as undisclosed

        result.update(undisclosed(access))
    return result


def options(access: Access | None = None, **settings: str) -> list[str]:
    """Return the options that stand before git's subcommand; with ``access``, its URL is that of ``origin``.

    ``settings`` are those of one command: ``fetch_negotiationAlgorithm`` stands for ``fetch.negotiationAlgorithm``.
    """
    configuration = {**_CONFIGURATION, **{name.replace("_", "."): value for name, value in settings.items()}}
    if access:
        configuration["remote.origin.url"] = access.url.text
    return [argument for name, value in configuration.items() for argument in ("-c", f"{name}={value}")]


def global_configuration(access: Access) -> bytes:
    """Return the ``.gitconfig`` of git's home.

    It reaches ``git upload-pack`` too, which serves a local repository and which no ``-c`` reaches: there it admits
    the repository the operator named, whoever owns it, and partial fetches.
    """
    if not access.url.local:
        return b""
    path = access.url.path.rstrip("/") or "/"
    owned = "".join(f"\tdirectory = {_quoted(path + end)}\n" for end in ("", "/.git", ".git", ".git/.git"))
    return f"[safe]\n{owned}[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n".encode()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
