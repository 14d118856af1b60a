# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""R30: a text that Ansible cannot read as a template is named with its place, wherever it is."""

from __future__ import annotations

import pytest
from ansible.template import Templar
from ansible_collections.flant.gitops.plugins.lookup import template_fault


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every text be one of the operator's files, but for those that say otherwise."""
    monkeypatch.setattr(template_fault, "is_trusted_as_template", lambda text: not text.startswith("unsafe"))


def fault(**variables: object) -> str:
    (told,) = template_fault.LookupModule(templar=Templar(None)).run(["flant_gitops_"], variables=variables)
    return told


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"flant_gitops_commands": ["true", "echo ${#x}"]}, "flant_gitops_commands[1]: "),
        ({"flant_gitops_a": "{{ x", "flant_gitops_b": "{{ y"}, "flant_gitops_a: "),
        ({"flant_gitops_requests": [{"options": {"a": "{% if"}}]}, "flant_gitops_requests[0]['options']['a']: "),
    ],
)
def test_r30_it_is_named(variables: dict[str, object], place: str) -> None:
    told = fault(**variables)
    assert told.startswith(f"{place}Ansible reads it as a template, and it is none (")
    assert told.endswith("); mark it as !unsafe.")


@pytest.mark.parametrize(
    "value",
    [
        "{{ lookup('pipe', 'false') }}",  # it is not filled in
        "{{ x | no.such.filter }}",
        "{% for a in b %}{% break %}{% endfor %}{% raw %}${#x}{% endraw %}",
        "unsafe ${#x}",
        7,
        None,
        ["plain", {"a": True}],
    ],
)
def test_r30_nothing_is_wrong(value: object) -> None:
    assert fault(flant_gitops_a=value, others="{{ x") == ""
