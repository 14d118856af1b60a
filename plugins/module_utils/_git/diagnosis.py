# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What went wrong with a server, told from git's error text in the C locale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import LIMIT
from ansible_collections.flant.gitops.plugins.module_utils._git.process import run
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

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
    (re.compile(r"Permission denied \("), "the server refused ssh_key_file"),
    (
        re.compile(r"SSL certificate problem|server certificate verification failed"),
        "the server's certificate is not trusted",
    ),
    (re.compile(r"shallow roots are not allowed"), "the repository is shallow, and the new commits have no history"),
    (re.compile(r"dubious ownership"), "the local repository belongs to another user and git refuses it"),
)
_REDIRECTED = re.compile(r"returned error: 30[12378]")
_LOCATION = re.compile(r"Recv header: location:\s*(?:[a-z]+:)?//(?:[^/@\s]*@)?([^/?#\s]+)", re.IGNORECASE)
_INCONSISTENT = re.compile(r"^(?:error|fatal): (?:object|tree|blob) ([0-9a-f]+): ([^:\n]+: [^:\n]+)", re.MULTILINE)
_TOO_LARGE = re.compile(r"^(?:fatal|error): .*File too large$", re.MULTILINE)
_FATAL = re.compile(r"^(?:fatal|error|remote: fatal): (.+)$", re.MULTILINE)


def missing_branch(branch: str) -> Failure:
    """Return the failure of a branch that is not there."""
    return Failure(f"branch: refs/heads/{branch} does not exist in the repository.")


def fetch_failure(remote: Remote, branch: str, errors: str) -> Failure:
    """Return the failure of a fetch of ``branch`` that git's error text ``errors`` tells of.

    Where that is a redirect, the server is asked once more for where it leads.
    """
    if f"couldn't find remote ref refs/heads/{branch}\n" in f"{errors}\n":
        return missing_branch(branch)
    if not _REDIRECTED.search(errors):
        return explained(errors)
    trace = run(remote, ["ls-remote", "origin"], GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1").errors
    return Failure(f"repo: the server redirects to {redirect_target(trace)}, and redirects are not followed.")


def redirect_target(trace: str) -> str:
    """Return the server that a trace of git's HTTP requests (GIT_TRACE_CURL) was redirected to."""
    targets = _LOCATION.findall(trace)
    return printable(targets[-1]) if targets else "another address"


def explained(errors: str) -> Failure:
    """Return the failure that git's error text ``errors`` tells of: a refusal, if it is of what the server holds."""
    if _TOO_LARGE.search(errors):
        return Refused(
            f"repo: what is new on the server is larger than the {LIMIT >> 20} MiB that one poll takes unverified; "
            "if it is meant to be, use action: reset with the commit processed last."
        )
    return (Refused if _INCONSISTENT.search(errors) else Failure)(explanation(errors))


def explanation(errors: str, subject: str = "repo") -> str:
    """Return the sentence to show for git's error text ``errors``; it begins with ``subject``."""
    for pattern, sentence in _SENTENCES:
        if pattern.search(errors):
            return f"{subject}: {sentence}."
    inconsistent = _INCONSISTENT.search(errors)
    if inconsistent:
        return f"{subject}: git's consistency check refuses {inconsistent[1]}: {printable(inconsistent[2])}."
    fatal = _FATAL.findall(errors)
    reason = printable(fatal[-1] if fatal else errors) or "git gave no reason"
    return f"{subject}: git could not fetch from the server: {reason.rstrip('.')}."
