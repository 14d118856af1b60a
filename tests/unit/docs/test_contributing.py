# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING tells of each place where a change may go, and of none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

COLLECTION = Path(__file__).resolve().parents[3]
CONTRIBUTING = (COLLECTION / "CONTRIBUTING.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", CONTRIBUTING))
MADE = {"__pycache__", "build", "output", "LICENSES"}  # what tools make, and the texts of licences


def folders(parent: str) -> list[str]:
    """Return the paths of the folders in one that are the work of people."""
    found = [path for path in (COLLECTION / parent).iterdir() if path.is_dir()]
    written = [path for path in found if path.name not in MADE and not path.name.startswith(".")]
    return sorted(str(path.relative_to(COLLECTION)) for path in written)


@pytest.mark.parametrize(
    "folder", [each for parent in (".", "plugins", "tests", "plugins/module_utils", "docs") for each in folders(parent)]
)
def test_folder_has_its_place_in_a_table(folder: str) -> None:
    name = Path(folder).name if folder.startswith("plugins/module_utils/") else folder
    assert any(place == name or place.startswith(f"{name}/") for place in NAMED)


@pytest.mark.parametrize(
    "place",
    sorted(each for each in NAMED if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", each) and Path(each).name not in MADE),
)
def test_place_that_is_named_is_there(place: str) -> None:
    roots = ("", "roles/flant_gitops", "plugins/module_utils")
    assert any((COLLECTION / root / place).exists() for root in roots)


def test_links_lead_to_files_and_each_kind_of_change_has_an_example() -> None:
    links = re.findall(r"\]\(([^)]+)\)", CONTRIBUTING)
    commits = [link for link in links if re.search(r"/commit/[0-9a-f]{7,}$", link)]
    to_add = CONTRIBUTING.partition("\nTo add:\n")[2].partition("\nImports go")[0]
    assert len(re.findall(r"^- \*\*", to_add, re.MULTILINE)) == len(commits) == 4
    assert [link for link in links if "://" not in link and not (COLLECTION / link).exists()] == []
