# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README and guides tell people to write is well formed; a test of its own follows README on a new machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

COLLECTION = Path(__file__).resolve().parents[3]
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
GUIDES = COLLECTION / "docs/docsite/rst"
SPECS = yaml.safe_load((COLLECTION / "roles/flant_gitops/meta/argument_specs.yml").read_text(encoding="utf-8"))
VARIABLES = {name for spec in SPECS["argument_specs"].values() for name in spec["options"]} | {"flant_gitops_hosts"}


def markdown_blocks(file: Path) -> list[tuple[str, str]]:
    """Return language and text of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def guide_blocks(file: Path) -> list[tuple[str, str]]:
    """Return language and text of each code block."""
    found = re.findall(
        r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [(language, re.sub(r"^    ", "", text, flags=re.MULTILINE)) for language, text in found]


def shown() -> list[tuple[str, str, str]]:
    """Return file, language and text of everything that people are told to write."""
    readme = [("README.md", *block) for block in markdown_blocks(COLLECTION / "README.md")]
    guides = [(file.name, *block) for file in sorted(GUIDES.glob("*.rst")) for block in guide_blocks(file)]
    return readme + guides


@pytest.mark.parametrize(("file", "language", "text"), shown())
def test_what_is_shown_is_well_formed_and_names_real_variables(file: str, language: str, text: str) -> None:
    if language == "yaml":
        assert yaml.safe_load(text), file
    if language in {"shell", "sh"}:
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert set(re.findall(r"\bflant_gitops_[a-z0-9_]+", text)) <= VARIABLES, file


def test_notes_made_by_hand_as_the_guide_says_count(site: Site, upstream: Upstream, signers: Signers) -> None:
    blocks = guide_blocks(GUIDES / "guide_signing.rst")
    look, sign = (
        next(text for language, text in blocks if language == "shell" and command in text)
        for command in ("diff-tree", "git notes")
    )
    by_hand = f"deployed={EMPTY_TREE}\n{look.replace('| less', '')}{sign}"
    commit = upstream.commit("signed by hand")
    clone = site.folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(upstream.folder), str(clone)], env=clean(), check=True)
    environment = {**signers.environment, "PATH": f"{site.folder}:{clean()['PATH']}"}
    wrapper = site.folder / "gpg"
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/gpg --batch --local-user {signers.alice.fingerprint} "$@"\n', "utf-8")
    wrapper.chmod(0o700)
    subprocess.run(["sh", "-ec", by_hand], cwd=clone, env=environment, check=True)
    ran = site.run()
    assert ran.status == "processed", ran.output
    assert site.facts["default"]["last_run"]["signers"] == ["alice"]
    assert site.facts["default"]["last_successful_commit"] == commit
