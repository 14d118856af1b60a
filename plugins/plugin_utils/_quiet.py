# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a run of the role that has left nothing open says to the program of a schedule that has started it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.flant.gitops.plugins.module_utils._epoch import epoch
from ansible_collections.flant.gitops.plugins.module_utils._pull import word
from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain
from ansible_collections.flant.gitops.plugins.plugin_utils._variables import GIT

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLLED = ("unchanged", "awaiting_signatures", "held")
_SUSPENDED = "suspended"
_SECRETS = tuple(option for option, spec in GIT.spec.items() if spec.get("no_log") is True)
_FILES = ("password_file", "ssh_key_file", "ssh_known_hosts_file", "ca_cert_file")
_IN_FOLDER = ("state.json", "git.rerun")  # what others than a quiet poll write


def say(host: str, left: Mapping[str, Any], seen_by: str) -> None:
    """Say what a run has left, which is nothing open.

    Args:
        host: what the inventory calls the host.
        left: what the role knows, see `word_of`; empty if that is of another machine.
        seen_by: the file that says so, which a newer version of the collection takes the place of.
    """
    said = word_of(left) if left else None
    word.say(f"{host} {left.get('instance')}", said and said._replace(files=(*said.files, seen_by)))


def word_of(left: Mapping[str, Any]) -> word.Word | None:
    """Return the word, None if the next run has to be a whole one.

    Args:
        left: the instance's folder as ``dir``, the ``status``, what the ``poll`` has returned, its options as
            ``asked``, whether it ``is_periodic``, the ``files`` that other steps go by, and when the secret-id is to
            be rotated as ``rotate_at``.
    """
    status, poll = left["status"], left["poll"]
    if status not in (*_POLLED, _SUSPENDED) or left["is_periodic"]:
        return None
    params = _params(left) if status in _POLLED else {}
    if params is None:
        return None
    files = [*left["files"], *(params.get(name) for name in _FILES), *(f"{left['dir']}/{name}" for name in _IN_FOLDER)]
    return word.Word(
        directory=str(left["dir"]),
        status=status,
        head=str(poll.get("head", "")),
        signatures_head=str(poll.get("signatures_head", "")),
        poll=params,
        files=tuple(str(file) for file in files if file),
        due=epoch(str(left["rotate_at"])) or 0,
    )


def _params(left: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the parameters of the poll; None if one of them is a secret, which no file may hold."""
    asked: dict[str, Any] = plain(left["asked"])  # type: ignore[assignment]
    given = {name: value for name, value in asked.items() if name != "archive"}
    if any(given.get(name) for name in _SECRETS):
        return None
    validated = ArgumentSpecValidator(GIT.spec).validate(given)
    return None if validated.error_messages else dict(validated.validated_parameters)
