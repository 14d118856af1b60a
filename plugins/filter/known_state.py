# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.known_state``."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.module_utils._instance import is_instance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTATION = r"""
name: known_state
short_description: What the role flant_gitops remembers, with every value checked
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Any module may set any fact of a host, so what comes out of the fact cache is checked before it is used.
  - Keys that the role does not write are dropped; a value that the role cannot have written is an error.
options:
  _input:
    description: The fact C(ansible_facts['flant_gitops_state']).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Print the last commit of the default instance
  ansible.builtin.debug:
    msg: "{{ (ansible_facts['flant_gitops_state'] | flant.gitops.known_state)['default'].last_successful_commit }}"
"""

RETURN = r"""
_value:
  description: The instances' states by the instances' names.
  type: dict
"""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
_SIGNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,62}|[0-9A-F]{64}")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}")
_RERUN = re.compile(r"[0-9a-f]{64}\+[0-9]{1,12}")
_WORD = re.compile(r"[a-z_]{1,32}", re.ASCII)

_RUN = {
    "commit": _COMMIT,
    "rc": _NUMBER,
    "started_at": _TIME,
    "finished_at": _TIME,
    "signers": [_SIGNER],
    "image_id": _IMAGE,
}
_STATE = {
    "last_successful_commit": _COMMIT,
    "last_started_commit": _COMMIT,
    "last_poll_at": _TIME,
    "last_run": _RUN,
    "last_rerun": _RERUN,
    "status": _WORD,
    "consecutive_failures": _NUMBER,
    "attempts": _NUMBER,
    "open_run": _NUMBER,
    "secret_id_rotate_at": _TIME,
}


def _checked(value: object, form: object, name: str) -> object:
    """Return ``value`` as a plain copy that holds nothing but what ``form`` describes."""
    if isinstance(form, dict) and isinstance(value, dict):
        return {key: _checked(value[key], form[key], f"{name}.{key}") for key in form if key in value}
    if isinstance(form, list) and isinstance(value, list):
        return [_checked(element, form[0], f"{name}[{index}]") for index, element in enumerate(value)]
    if isinstance(form, re.Pattern) and isinstance(value, (str, int)) and form.fullmatch(str(value)):
        if form is _NUMBER:
            return int(value)
        if form is not _TIME or _is_on_the_calendar(str(value)):
            return str(value)
    raise AnsibleFilterError(
        f"The fact flant_gitops_state holds what this role cannot have written: {name}; "
        "run the playbook flant.gitops.reset for that instance to set what is remembered.",
    )


def _is_on_the_calendar(time: str) -> bool:
    try:
        datetime.fromisoformat(time[: len("YYYY-MM-DDTHH:MM:SS")])
    except ValueError:
        return False
    return True


def known_state(state: Mapping[str, object]) -> dict[str, object]:
    """Return the states of all instances in ``state``, reduced to the known keys.

    Raises:
        AnsibleFilterError: a value is not of its key's form; the message names the key, never the value.
    """
    if not isinstance(state, dict) or not all(map(is_instance, state)):
        raise AnsibleFilterError("The fact flant_gitops_state is not a dictionary of instances.")
    return {str(name): _checked(value, _STATE, str(name)) for name, value in state.items()}


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"known_state": known_state}
