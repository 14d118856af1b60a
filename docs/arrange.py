# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrange the pages that antsibull-docs has written as readers look for them, before Sphinx builds the site.

antsibull-docs puts one list of all plugins on the first page, sorts the role's entry points and variables by name, and
says nowhere who needs a page. Here the guide on what the collection does becomes the first page, with the sections of
``extra-docs.yml`` as the navigation; the entry point ``main`` comes first, and its variables stand in groups. Where a
playbook is named, there is a link to its page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

LANDING = "docsite/guide_overview"
ROLE = "flant_gitops_role"
REFERENCE = "Reference"  # the section of extra-docs.yml that the pages of role, modules and lookups are added to

# Of the variables of ``main``: a title, and a pattern for names without ``flant_gitops_``. The first that fits counts.
GROUPS = (
    ("What runs", r"git_repo_url|git_branch_name|docker_image|commands|initial_last_successful_commit|rerun"),
    (
        "Whose signatures count",
        r"required_number_\w+|trusted_\w+|\w*signature\w*|ssh_user_verification|git_(verify|select)",
    ),
    ("When it acts", r"git_poll_period|suspend|window\w*|freezes"),
    ("The way to the repository", r"git_\w+"),
    ("Vault and its secrets", r"vault_\w+"),
    ("The container", r"docker_\w+"),
    ("The instance, and what it keeps", r"\w+"),
)

# Of the pages that are written from the code: the end of their names, and the paragraph that they begin with.
READERS = (
    ("_role", "For whoever writes the inventory: the variables of ``main``, by subject, then those of each playbook."),
    ("_module", "For whoever writes a play of their own; with the role, its variables set all of this."),
    ("_lookup", "For whoever looks for a fault in an inventory."),
)

CONTENTS = re.compile(r"^\.\. contents::\n(?:   :.*\n)+", re.MULTILINE)
ENTRY_POINT = re.compile(r"^(?=\.\. _ansible_collections\.flant\.gitops\.\w+_role__entrypoint-(\w+):$)", re.MULTILINE)
TABLE = re.compile(
    r"^\.\. tabularcolumns:: .*\n\n\.\. list-table::\n(?:  :.*\n)+\n  \* - Parameter\n    - Comments\n\n", re.MULTILINE
)
ROW = re.compile(r"^(?=  \* - )", re.MULTILINE)
VARIABLE = re.compile(r'id="parameter-main--flant_gitops_(\w+)"')
PLAYBOOK = re.compile(r"(?:``|:literal:`)flant\.gitops\.(\w+)``?")
NEXT_HEADING = re.compile(r"^\.\. Attributes$", re.MULTILINE)


def main() -> None:
    """Arrange the pages in the folder that the first argument names; the collection is the current folder."""
    pages = Path(sys.argv[1])
    sections = yaml.safe_load(Path("docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    role = pages / f"{ROLE}.rst"
    role.write_text(grouped(main_first(role.read_text(encoding="utf-8"))), encoding="utf-8")
    for ending, words in READERS:
        for page in pages.glob(f"*{ending}.rst"):
            page.write_text(addressed(page.read_text(encoding="utf-8"), words), encoding="utf-8")
    playbooks = {page.stem.removeprefix("playbook_") for page in pages.glob("docsite/playbook_*.rst")}
    for page in pages.rglob("*.rst"):
        others = playbooks - {page.stem.removeprefix("playbook_")}
        page.write_text(linked(page.read_text(encoding="utf-8"), others), encoding="utf-8")
    (pages / "environment_variables.rst").unlink()  # no plugin has any
    names = [page.stem for page in pages.glob("*.rst")]
    written = [ROLE, *sorted(name for name in names if name.endswith("_module"))]
    written += sorted(name for name in names if name.endswith("_lookup"))
    landing = pages / f"{LANDING}.rst"
    index = first_page(landing.read_text(encoding="utf-8"), sections, written)
    (pages / "index.rst").write_text(index, encoding="utf-8")
    landing.unlink()


def first_page(landing: str, sections: list[dict[str, Any]], written: list[str]) -> str:
    """Return the first page: the text of ``landing``, and under the title of each section the pages that it lists.

    ``written`` are the pages of plugins and role, which end the section Reference.

    Raises:
        ValueError: there is no section of that name.
    """
    if REFERENCE not in {section["title"] for section in sections}:
        raise ValueError(f"extra-docs.yml has no section {REFERENCE}.")
    parts = [landing]
    for section in sections:
        listed = [f"docsite/{name}" for name in section["toctree"]]
        listed += [f"{short(page)} <{page}>" for page in written] if section["title"] == REFERENCE else []
        lines = ["", ".. toctree::", "  :maxdepth: 1", f"  :caption: {section['title']}", ""]
        parts.append("\n".join([*lines, *(f"  {page}" for page in listed if page != LANDING), ""]))
    return "".join(parts)


def short(page: str) -> str:
    """Return what the navigation calls the page of a plugin or a role, such as ``Module run_ledger``."""
    name, _underscore, kind = page.rpartition("_")
    return f"{kind.capitalize()} {name}"


def main_first(page: str) -> str:
    """Return the role's page with the entry point ``main`` before all others."""
    head, *rest = ENTRY_POINT.split(page)
    texts = dict(zip(rest[::2], rest[1::2]))
    last = list(texts)[-1]
    texts[last], links, end = texts[last].partition(".. Extra links\n")
    return "".join([head, texts.pop("main"), *texts.values(), links, end])


def grouped(page: str) -> str:
    """Return the role's page with a table for each of the groups instead of the one that ``main`` begins with.

    Raises:
        ValueError: the page is not built as antsibull-docs builds it in the version that is pinned.
    """
    table = TABLE.search(page)
    end = NEXT_HEADING.search(page, table.end()) if table else None
    if not table or not end:
        raise ValueError("antsibull-docs writes the role's variables in another way than this expects.")
    rows: dict[str, list[str]] = {title: [] for title, _pattern in GROUPS}
    title = ""
    for row in ROW.split(page[table.end() : end.start()])[1:]:
        name = VARIABLE.search(row)
        if name:  # a row of a variable's own options has another id, and goes where its variable has gone
            title = next(title for title, pattern in GROUPS if re.fullmatch(pattern, name[1]))
        rows[title].append(row)
    tables = [f"{title}\n{'~' * len(title)}\n\n{table[0]}{''.join(found)}\n" for title, found in rows.items() if found]
    return page[: table.start()] + "\n".join(tables) + page[end.start() :]


def addressed(page: str, words: str) -> str:
    """Return the page with a paragraph below its title, and without its list of headings, which the theme has, too."""
    page = CONTENTS.sub("", page, count=1)
    return re.sub(r"^\S.*\n\++\n", lambda title: f"{title[0]}\n{words}\n", page, count=1, flags=re.MULTILINE)


def linked(page: str, playbooks: set[str]) -> str:
    """Return the page with a link to the page of each of these playbooks where it is named."""

    def link(named: re.Match[str]) -> str:
        name = named[1]
        label = f"ansible_collections.flant.gitops.docsite.playbook_{name}"
        return f":ref:`flant.gitops.{name} <{label}>`" if name in playbooks else named[0]

    return PLAYBOOK.sub(link, page)


if __name__ == "__main__":
    main()
