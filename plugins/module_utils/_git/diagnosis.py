# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What went wrong with a server, told from git's error text in the C locale."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import LIMIT
from ansible_collections.flant.gitops.plugins.module_utils._git.process import run
from ansible_collections.flant.gitops.plugins.module_utils._git.ssh_key import MOST_BYTES, defect, is_encrypted
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy

_NO_KEY = re.compile(r"Permission denied \(")
_NO_GIT = "what answers {} is not a git server; it may be a login page or a captive portal"
_SENTENCES = (
    (
        re.compile(r"mismatched algorithms", re.IGNORECASE),
        "the repository has changed its object format; if that was meant, forget the old one with action: reset",
    ),
    (
        re.compile(r"Authentication failed|could not read (Username|Password)|returned error: 40[13]"),
        "the server refused the user name and password, or wants some",
    ),
    (re.compile(r"Host key verification failed"), "the server's host key is not in ssh_known_hosts_file"),
    (_NO_KEY, "the server refused ssh_key_file"),
    (re.compile(r"returned error: (?:429|503)\b"), "the server asked to wait; it is asked again at the next run"),
    (re.compile(r"is this a git repository\?|invalid content-type"), _NO_GIT.format("there")),
    (
        re.compile(r"SSL certificate problem|server certificate verification failed"),
        "the server's certificate is not trusted",
    ),
    (re.compile(r"shallow roots are not allowed"), "the repository is shallow, and the new commits have no history"),
    (re.compile(r"dubious ownership"), "the local repository belongs to another user and git refuses it"),
)
# With a proxy on the way, it is what curl connects to, in other words from one version to the next.
_CAUSE = re.compile(r"^fatal: unable to access '.*?': (.*)$", re.MULTILINE)
_NO_TUNNEL = re.compile(r"(?:CONNECT tunnel failed, response|Received HTTP code|returned error:) (\d{3})\b")
_PROXY_SENTENCES = (
    (re.compile(r"^(?:Failed to connect to|Could not resolve proxy|Connection timed out)"), "{} cannot be reached"),
    (re.compile(r"CONNECT aborted|HTTP/0\.9|HTTP version"), "what answers at {} is not an HTTP proxy"),
    (
        re.compile(r"gnutls_handshake\(\) failed|SSL routines|SSL_connect|TLS connect error"),
        "what answers through {} does not speak TLS as git does; it may be a login page or a captive portal",
    ),
)
_REDIRECTED = re.compile(r"returned error: 30[12378]")
_LOCATION = re.compile(r"Recv header: location:\s*(?:(?:[a-z]+:)?//(?:[^/@\s]*@)?)?([^?#\s]+)", re.IGNORECASE)
_ENDPOINT = re.compile(r"/(?:info/refs|git-upload-pack)$")
_GIT_ANSWER = re.compile(r"Recv header: content-type:\s*application/x-git-upload-pack", re.IGNORECASE)
_INCONSISTENT = re.compile(r"^(?:error|fatal): (?:object|tree|blob) ([0-9a-f]+): ([^:\n]+: [^:\n]+)", re.MULTILINE)
_TOO_LARGE = re.compile(r"^(?:fatal|error): .*File too large$", re.MULTILINE)
_FATAL = re.compile(r"^(?:fatal|error|remote: fatal): (.+)$", re.MULTILINE)
# What ssh says of the way to the server, and what the server says for itself.
_BEFORE = re.compile(r"^(?:ssh: |ERROR: |remote: (?:ERROR: )?)(.*\w.*)$", re.MULTILINE)
_SYMPTOM = "Could not read from remote repository"
_LOAD = re.compile(r'^Load key "[^"]*": (.+)$', re.MULTILINE)


def missing_branch(remote: Remote, branch: str) -> Failure:
    """Return the failure of a branch that is not there, or that something else than a git server says nothing of."""
    url = remote.access.url
    if url.scheme in ("http", "https") and not _GIT_ANSWER.search(_trace(remote)):
        return Failure(f"repo: {_NO_GIT.format(f'at {url.host}')}.")
    return Failure(f"branch: refs/heads/{branch} does not exist in the repository.")


def fetch_failure(remote: Remote, branch: str, errors: str) -> Failure:
    """Return the failure of a fetch of ``branch`` that git's error text ``errors`` tells of.

    Where that is a redirect, the server is asked once more for where it leads.
    """
    if f"couldn't find remote ref refs/heads/{branch}\n" in f"{errors}\n":
        return missing_branch(remote, branch)
    if _REDIRECTED.search(errors):
        target = redirect_target(_trace(remote))
        return Failure(f"repo: the server redirects to {target}, and redirects are not followed.")
    key = remote.access.ssh_key_file
    unusable = _unusable_key(Path(key), errors) if key and _NO_KEY.search(errors) else ""
    return Failure(unusable) if unusable else explained(errors, remote.access)


def _trace(remote: Remote) -> str:
    """Return the headers of git's HTTP requests, and of what answers."""
    return run(remote, ["ls-remote", "origin"], GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1").errors


def _unusable_key(path: Path, errors: str) -> str:
    """Return the sentence of a key that ssh has not even shown to the server, empty if it may have."""
    loading = _LOAD.search(errors)
    if loading and loading[1].strip() == "bad permissions":
        return f"ssh_key_file: others than its owner may read {path}, so that ssh does not use it; chmod 600 it."
    with trusted_file(path, "ssh_key_file") as file:
        content = file.read(MOST_BYTES)
    if loading:
        return f"ssh_key_file: ssh cannot read {path} as a private key: {defect(content) or printable(loading[1])}."
    if is_encrypted(content):
        return f"ssh_key_file: {path} is protected by a passphrase, which nobody can be asked for."
    return ""


def redirect_target(trace: str) -> str:
    """Return the server and path, or the path alone, that a trace of git's HTTP requests was redirected to.

    Neither a user's name nor a query, which may be secret, is in it.
    """
    targets = _LOCATION.findall(trace)
    return printable(_ENDPOINT.sub("", targets[-1])) if targets else "another address"


def explained(errors: str, access: Access) -> Failure:
    """Return the failure that git's error text ``errors`` tells of: a refusal, if it is of what the server holds."""
    if _TOO_LARGE.search(errors):
        return Refused(
            f"repo: what is new on the server is larger than the {LIMIT >> 20} MiB that one poll takes unverified; "
            "if it is meant to be, use action: reset with the commit processed last."
        )
    return (Refused if _INCONSISTENT.search(errors) else Failure)(explanation(errors, access))


def explanation(errors: str, access: Access, subject: str = "repo") -> str:
    """Return the sentence to show for git's error text ``errors``; it begins with ``subject``, or is of the proxy."""
    proxy = access.proxy_on_the_way
    barred = proxy and _barred(errors, access.url.host, proxy)
    if barred:
        return barred
    for pattern, sentence in _SENTENCES:
        if pattern.search(errors):
            return f"{subject}: {sentence}."
    inconsistent = _INCONSISTENT.search(errors)
    if inconsistent:
        return f"{subject}: git's consistency check refuses {inconsistent[1]}: {printable(inconsistent[2])}."
    fatal = [line for line in _FATAL.findall(errors) if not line.startswith(_SYMPTOM)]
    before = _BEFORE.findall(errors)
    reason = printable(fatal[-1] if fatal else " ".join(before) or errors) or "git gave no reason"
    return f"{subject}: git could not fetch from {access.url.host or 'the server'}: {reason.rstrip('.')}."


def _barred(errors: str, host: str, proxy: Proxy) -> str:
    """Return the sentence of a way that ends at the ``proxy``; empty if it may lead as far as ``host``."""
    causes = "\n".join(_CAUSE.findall(errors))
    status = _NO_TUNNEL.search(causes)
    if status and status[1] == "407":
        return f"proxy_username, proxy_password: the proxy {proxy.address} refused them, or wants some."
    if status and not status[0].startswith("returned"):
        return f"proxy: {proxy.address} does not let git through to {host} (HTTP {status[1]})."
    for pattern, sentence in _PROXY_SENTENCES:
        if pattern.search(causes):
            return f"proxy: {sentence.format(proxy.address)}."
    return ""
