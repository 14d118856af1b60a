# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Why no engine answers at an address, told from the first cause and not from what a library made of it."""

from __future__ import annotations

import grp
import os
import pwd
import re
import socket
import ssl
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# As net/http of Go has it, which the engines are written in.
_TLS_WANTED = "Client sent an HTTP request to an HTTPS server"
_BAD_REQUEST = 400
_VERSION = "Api-Version"
# Docker Engine 20.10 and Podman 4.3 say so of themselves, the latter in both headers.
_OLDEST = {_VERSION: (1, 41), "Libpod-Api-Version": (4, 3)}
_ERRORS: Mapping[type[BaseException], str] = {
    FileNotFoundError: "there is no such socket; the engine may not be running",
    ConnectionRefusedError: "nobody listens there; the engine may not be running",
    socket.gaierror: "this machine does not know the host's name",
    socket.timeout: "it does not answer in time",
    TimeoutError: "it does not answer in time",
}
_WANTS_CERTIFICATE = re.compile(r"ALERT_(?:CERTIFICATE_REQUIRED|UNKNOWN_CA|BAD_CERTIFICATE|HANDSHAKE_FAILURE)")
_NO_TLS = re.compile(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER_FAILURE")
_NUMBER = re.compile(r"([0-9]+)\.([0-9]+)", re.ASCII)


def of_error(error: BaseException, address: str, *, tls: bool) -> str:
    """Return what kept ``address`` from being asked, over TLS or not, without a full stop."""
    cause = list(_causes(error))[-1]
    if isinstance(cause, ssl.SSLError):
        return _of_tls(cause)
    if isinstance(cause, PermissionError) and address.startswith("unix:"):
        return _of_permission(Path(address.partition("://")[2]))
    for kind, why in _ERRORS.items():
        if isinstance(cause, kind):
            return why
    if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, ConnectionError):
        return cause.strerror
    hint = "" if tls or address.startswith("unix:") else "; if it wants TLS, set tls_ca_cert"
    return f"what listens there hangs up, or speaks no HTTP{hint}"


def of_answer(status: int, headers: Mapping[str, str], text: str) -> str:
    """Return why what answered a ping is no engine that will do, without a full stop; empty where it is one."""
    if status == _BAD_REQUEST and _TLS_WANTED in text:
        return "it only talks over TLS; set tls_ca_cert, tls_client_cert and tls_client_key"
    if _VERSION not in headers:
        return f"what answers there is not an engine (HTTP status {status})"
    for name, oldest in _OLDEST.items():
        if name in headers and _numbers(headers[name]) < oldest:
            return f"{name} {printable(headers[name])} is too old; it takes Docker Engine 20.10 or Podman 4.3, or newer"
    return ""


def _of_tls(cause: ssl.SSLError) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is refused ({printable(cause.verify_message).rstrip('.')}); see tls_ca_cert"
    reason = cause.reason or ""
    if _WANTS_CERTIFICATE.search(reason):
        return "it wants a client certificate of an authority that it knows; see tls_client_cert and tls_client_key"
    if _NO_TLS.search(reason):
        return "it does not talk over TLS, which tls_ca_cert and the like ask for"
    return f"the TLS handshake fails ({printable(reason or str(cause))})"


def _of_permission(path: Path) -> str:
    """Return who may not use a socket, and who may."""
    us = _user(os.geteuid())
    try:
        found = path.stat()
    except OSError:
        return f"{us} may not enter the socket's folder"
    whose = _user(found.st_uid)
    if found.st_mode & stat.S_IWGRP:
        whose += f" and {_group(found.st_gid)}"
    return f"{us} may not use the socket, which is for {whose}"


def _user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:  # as in a container
        return f"user {number}"


def _group(number: int) -> str:
    try:
        return f"group {grp.getgrgid(number).gr_name}"
    except KeyError:
        return f"group {number}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came of; urllib3 keeps some of them as an argument only."""
    following: BaseException | None = error
    while following:
        yield following
        held = (each for each in following.args if isinstance(each, BaseException))
        following = following.__cause__ or following.__context__ or next(held, None)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, none where it is something else."""
    found = _NUMBER.match(version)
    return tuple(map(int, found.groups())) if found else ()
