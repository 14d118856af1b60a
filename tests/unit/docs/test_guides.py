# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each guide can be found, says who needs it, and README names only what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support import readme

COLLECTION = Path(__file__).resolve().parents[3]
DOCSITE = COLLECTION / "docs/docsite"
README = (COLLECTION / "README.md").read_text(encoding="utf-8")
GUIDES = sorted(guide.stem for guide in (DOCSITE / "rst").glob("*.rst"))


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_has_a_place_and_begins_with_who_needs_it(guide: str) -> None:
    sections = yaml.safe_load((DOCSITE / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert [listed for section in sections for listed in section["toctree"]].count(guide) == 1
    assert f"(docs/docsite/rst/{guide}.rst)" in README
    text = (DOCSITE / f"rst/{guide}.rst").read_text(encoding="utf-8")
    assert re.search(r"^=+\n\nFor ", text, re.MULTILINE)


def test_links_of_the_readme_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert [link for link in links if not (COLLECTION / link).is_file()] == []


def test_readme_names_playbooks_and_commands_that_are_there() -> None:
    playbooks = {playbook.stem for playbook in (COLLECTION / "playbooks").glob("*.yml")}
    plugins = {plugin.stem for plugin in (COLLECTION / "plugins").glob("*/*.py")}
    assert set(re.findall(r"\bflant\.gitops\.(\w+)", README)) <= playbooks | plugins | {"flant_gitops"}
    assert playbooks <= set(re.findall(r"\bflant\.gitops\.(\w+)", README))
    targets = set(re.findall(r"^(\w+):", (COLLECTION / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) <= targets


def test_newcomer_types_few_commands_and_finds_the_rest_one_click_away() -> None:
    typed = [command for line in readme.lines() for command in line.commands]
    assert {"git", "gpg", "vault", "install", "python3"} <= {command.split()[0] for command in typed}
    assert typed[-1].endswith("ansible-playbook flant.gitops.run")
    assert len(typed) <= 15
    after = README.partition(f"## {readme.TITLE}")[2]
    assert {"guide_signing", "guide_ansible_pull", "guide_awx"} <= set(re.findall(r"rst/(\w+)\.rst", after))


def test_readme_names_variables_that_are_there() -> None:
    spec = yaml.safe_load((COLLECTION / "roles/flant_gitops/meta/argument_specs.yml").read_text(encoding="utf-8"))
    variables = {name for entry in spec["argument_specs"].values() for name in entry["options"]}
    named = set(re.findall(r"(?<![./])\bflant_gitops_\w+", README))
    assert len(named) > 10
    assert named <= variables | {"flant_gitops_hosts"}  # which the playbooks alone know


@pytest.mark.parametrize("playbook", sorted(path.stem for path in (COLLECTION / "playbooks").glob("*.yml")))
def test_playbook_has_a_page_with_its_variables_an_example_and_what_it_prints(playbook: str) -> None:
    page = (DOCSITE / f"rst/playbook_{playbook}.rst").read_text(encoding="utf-8")
    assert re.findall(r"^([^\n]+)\n-+$", page, re.MULTILINE) == ["Variables", "Example", "What it prints"]
    example = page.partition("\nExample\n")[2].partition("\nWhat it prints\n")[0]
    assert re.search(rf"^    ansible-playbook .*\bflant\.gitops\.{playbook}\b", example, re.MULTILINE)
    written = yaml.safe_load((COLLECTION / f"playbooks/{playbook}.yml").read_text(encoding="utf-8"))
    (entry,) = {
        task["ansible.builtin.include_role"]["tasks_from"]
        for task in written[0].get("tasks", [])
        if "ansible.builtin.include_role" in task
    } or {"main"}
    assert f"<ansible_collections.flant.gitops.flant_gitops_role__entrypoint-{entry}>" in page
    if entry != "main":  # whose many variables stand in groups on the role's own page
        spec = yaml.safe_load((COLLECTION / "roles/flant_gitops/meta/argument_specs.yml").read_text(encoding="utf-8"))
        variables = set(spec["argument_specs"][entry]["options"])
        described = page.partition("\nVariables\n")[2].partition("\nExample\n")[0]
        assert set(re.findall(r"``(flant_gitops_\w+)``", described)) == variables
