# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where repositories are: the few forms of git URLs that are let through to git."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
# Patterns are compiled where they are needed: compiling takes longer than all the rest here.
_USER = r"(?P<user>[A-Za-z0-9_][\w.+-]*)"
_HOST = r"(?P<host>[A-Za-z0-9_][\w.-]*|\[[0-9A-Fa-f:.]+\])"
_URL = rf"(?P<scheme>https?|ssh|git)://(?:{_USER}@)?{_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/.+)"
_SCP = rf"(?:{_USER}@)?{_HOST}:(?P<path>(?![-:]).+)"
_LOOPBACK = r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]"


class RemoteUrl(NamedTuple):
    """A URL that `parse` has let through; ``text`` is what git is given, the rest what that means."""

    text: str
    scheme: str
    path: str
    host: str = ""
    port: int = 0
    user: str = ""

    @property
    def local(self) -> bool:
        """Whether the repository lies in this machine's file system."""
        return self.scheme == "file"

    @property
    def loopback(self) -> bool:
        """Whether the server is this very machine, so that no network lies in between."""
        return re.fullmatch(_LOOPBACK, self.host.lower()) is not None

    @property
    def open_to_the_network(self) -> bool:
        """Whether what comes from here can be replaced on its way: plain HTTP or git, not from this very machine."""
        return self.scheme in {"http", "git"} and not self.loopback

    def same_server(self, other: RemoteUrl) -> bool:
        """Tell whether a password for ``other`` may be shown here: same scheme, host and port."""
        return (self.scheme, self.host.lower(), self.port) == (other.scheme, other.host.lower(), other.port)

    def submodule(self, reference: str, subject: str) -> RemoteUrl:
        """Return where a submodule of this repository lies, whose ``.gitmodules`` says ``reference``.

        ``./`` and ``../`` lead on from this repository's own URL, as gitsubmodules(7) and gitmodules(5) have it.

        Raises:
            Failure: the reference is refused; the sentence names ``subject``, not the reference, which is hostile text.
        """
        url = self._relative(reference, subject) if reference.startswith(("./", "../")) else parse(reference, subject)
        if url.local and not self.local:
            raise Failure(f"{subject}: a submodule of a remote repository must not come from a local path.")
        return url

    def _relative(self, reference: str, subject: str) -> RemoteUrl:
        folder = self.path.rstrip("/")
        while reference.startswith(("./", "../")):
            step, _separator, reference = reference.partition("/")
            if step == "..":
                if not folder.strip("/"):
                    raise Failure(f"{subject}: its relative URL leads out of the server.")
                folder = folder.rpartition("/")[0]
        if not reference or ".." in reference.split("/"):
            raise Failure(f"{subject}: its relative URL names no repository.")
        prefix = self.text[: len(self.text) - len(self.path)]
        separator = "/" if folder or self.path.startswith("/") else ""
        return parse(f"{prefix}{folder}{separator}{reference}", subject)


def parse(text: str, subject: str) -> RemoteUrl:
    """Return what the URL, scp-like address or absolute path ``text`` means.

    The forms are those of git-fetch(1), "GIT URLS", less remote helpers (``ext::``), relative paths, credentials in
    http(s) URLs, queries and fragments.

    Raises:
        Failure: the text is refused; the sentence begins with ``subject`` and never quotes the text, which may hold a
            password.
    """
    if not text.isprintable():
        raise Failure(f"{subject}: the URL must not hold control characters.")
    path = text.removeprefix("file://")
    if path.startswith("/"):
        return RemoteUrl(text, "file", path)
    if any(":" in hidden for hidden in credentials(text)):
        raise Failure(f"{subject}: the URL must not hold a password; use the options username and password.")
    match = re.fullmatch(_URL, text, re.ASCII)
    if match:
        return _network_url(text, match, subject)
    match = re.fullmatch(_SCP, text, re.ASCII)
    if match and "::" not in text and "://" not in text:
        return RemoteUrl(text, "ssh", match["path"], match["host"], _DEFAULT_PORTS["ssh"], match["user"] or "")
    raise Failure(f"{subject}: this is not an https, ssh, git, http or file URL, user@host:path or absolute path.")


def credentials(text: str) -> set[str]:
    """Return what of a URL must not be shown: its ``user:password`` and the password, or a user name over HTTP."""
    scheme, separator, rest = text.partition("://")
    shown, _separator, host = rest.rpartition("@")
    if not separator or not host or re.match(r"[^:/@]*(?::[0-9]+)?/", shown):  # the at sign is one of the path's
        return set()
    user, has_password, password = shown.partition(":")
    hidden = {shown, password} if has_password else {user} if scheme in {"http", "https"} else set()
    return hidden - {""}


def _network_url(text: str, match: re.Match[str], subject: str) -> RemoteUrl:
    scheme = match["scheme"]
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    url = RemoteUrl(text, scheme, match["path"], match["host"], port, match["user"] or "")
    if not 0 < port < 1 << 16:
        raise Failure(f"{subject}: the URL's port is out of range.")
    if scheme == "ssh":
        return url
    if url.user:
        raise Failure(f"{subject}: the URL must not hold a user name; use the options username and password.")
    if re.search(r"[?#\s]", url.path):
        raise Failure(f"{subject}: the URL must hold no query, fragment or white space.")
    return url
