# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ``flant.gitops.template_fault``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: template_fault
short_description: Which variable Ansible cannot read as a template
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - A text that has what begins a template, such as the shell's C(${#x}), fails wherever it is used, and Ansible does
    not say which variable it is in. This names it. Nothing is filled in.
options:
  _terms:
    description: What the names of the variables begin with.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Stop early
  ansible.builtin.assert:
    that: lookup('flant.gitops.template_fault', 'flant_gitops_') == ''
    fail_msg: "{{ lookup('flant.gitops.template_fault', 'flant_gitops_') }}"
"""

RETURN = r"""
_raw:
  description: One sentence for each term that names the first variable at fault; empty where there is none.
  type: list
  elements: str
"""

from typing import TYPE_CHECKING, Any

from ansible.plugins.lookup import LookupBase
from jinja2 import Environment, TemplateSyntaxError

try:
    from ansible.template import is_trusted_as_template
except ImportError:  # before ansible-core 2.19

    def is_trusted_as_template(value: object) -> bool:
        """Return whether Ansible would fill a text in."""
        return not hasattr(value, "__UNSAFE__")


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENVIRONMENT = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701 -- it fills nothing in


class LookupModule(LookupBase):  # type: ignore[misc] # ansible-core has no types
    """Looks at the variables as they are written."""

    def run(
        self,
        terms: list[str],
        variables: Mapping[str, Any] | None = None,
        **_options: object,
    ) -> list[str]:
        """Return a sentence for each beginning of names."""
        return [_first_fault(term, variables or {}) for term in terms]


def _first_fault(begin: str, variables: Mapping[str, Any]) -> str:
    names = sorted(name for name in variables if name.startswith(begin))
    told = (_fault(where, text) for name in names for where, text in _texts(variables[name], name))
    return next(filter(None, told), "")


def _fault(where: str, text: str) -> str:
    try:
        _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        return f"{where}: Ansible reads it as a template, and it is none ({error.message}); mark it as !unsafe."
    return ""


def _texts(value: object, name: str) -> Iterator[tuple[str, str]]:
    """Yield the texts in a variable that Ansible would fill in, each with its place."""
    if isinstance(value, str):
        if is_trusted_as_template(value):
            yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, f"{name}[{index}]")
