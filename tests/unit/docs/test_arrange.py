# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the pages that antsibull-docs writes are arranged; the texts here are cut down to what matters of theirs."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.docs import arrange

LABEL = ".. _ansible_collections.flant.gitops.flant_gitops_role__entrypoint"
HEAD = "Title\n+++++\n\n.. note::\n    A note.\n\n.. contents::\n   :local:\n   :depth: 2\n\n"
TABLE = """.. tabularcolumns:: \\X{1}{3}\\X{2}{3}

.. list-table::
  :width: 100%
  :header-rows: 1

  * - Parameter
    - Comments

"""


def row(name: str) -> str:
    return f'  * - .. raw:: html\n\n        <div id="parameter-main--flant_gitops_{name}"></div>\n\n    - Words.\n\n'


def page(*names: str) -> str:
    main = f"{LABEL}-main:\n\nParameters\n^^^^^^^^^^\n\n{TABLE}{''.join(map(row, names))}\n.. Attributes\n\nRest\n"
    return f"{HEAD}{LABEL}-awx:\n\nAWX\n\n{main}{LABEL}-log:\n\nLog\n\n.. Extra links\n\nLinks\n"


def test_main_comes_first_and_the_links_stay_last() -> None:
    arranged = arrange.main_first(page("commands"))
    order = [arranged.index(part) for part in (HEAD, f"{LABEL}-main:", f"{LABEL}-awx:", f"{LABEL}-log:", "Links")]
    assert order == sorted(order)
    assert len(arranged) == len(page("commands"))


def test_variables_stand_in_the_first_group_that_fits_with_their_own_options() -> None:
    names = (
        "commands",
        "git_poll_period",
        "git_proxy",
        "git_verify",
        "trusted_signers",
        "trusted_signers/alice",
        "xyz",
    )
    arranged = arrange.grouped(arrange.main_first(page(*names)))
    wanted = {
        "What runs": ["commands"],
        "Whose signatures count": ["git_verify", "trusted_signers", "trusted_signers/alice"],
        "When it acts": ["git_poll_period"],
        "The way to the repository": ["git_proxy"],
        "The instance, and what it keeps": ["xyz"],
    }
    tables = [f"{title}\n{'~' * len(title)}\n\n{TABLE}{''.join(map(row, names))}" for title, names in wanted.items()]
    places = [arranged.index(table) for table in tables]
    assert places == sorted(places)
    assert all(arranged.count(row(name)) == 1 for name in names)


def test_page_that_is_built_in_another_way_is_not_let_through() -> None:
    with pytest.raises(ValueError, match="another way"):
        arrange.grouped(page("commands").replace("Comments", "Remarks"))


def test_page_begins_with_who_needs_it() -> None:
    arranged = arrange.addressed(page("commands"), "For a test.")
    assert arranged.startswith("Title\n+++++\n\nFor a test.\n\n.. note::")
    assert "contents::" not in arranged


def test_first_page_has_the_sections_and_what_is_written_from_the_code() -> None:
    sections = [
        {"title": "Start", "toctree": ["guide_overview", "guide_a"]},
        {"title": "Reference", "toctree": ["guide_b"]},
    ]
    index = arrange.first_page("Words\n", sections, ["flant_gitops_role", "run_ledger_module"])
    assert index.startswith("Words\n")
    start, reference = index.split(".. toctree::\n")[1:]
    assert start.split() == [":maxdepth:", "1", ":caption:", "Start", "docsite/guide_a"]
    assert reference.split("\n\n")[1].split("\n")[:3] == [
        "  docsite/guide_b",
        "  Role flant_gitops <flant_gitops_role>",
        "  Module run_ledger <run_ledger_module>",
    ]


def test_reference_has_a_place() -> None:
    with pytest.raises(ValueError, match="Reference"):
        arrange.first_page("Words\n", [{"title": "Start", "toctree": []}], [])


@pytest.mark.parametrize("written", ["``flant.gitops.reset``", ":literal:`flant.gitops.reset`"], ids=["guide", "role"])
def test_playbook_is_linked_where_it_is_named(written: str) -> None:
    page = f"Run {written} first.\n"
    label = "ansible_collections.flant.gitops.docsite.playbook_reset"
    assert arrange.linked(page, {"reset"}) == f"Run :ref:`flant.gitops.reset <{label}>` first.\n"
    assert arrange.linked(page, {"remove"}) == page


def test_what_is_typed_is_no_link() -> None:
    page = ".. code-block:: shell\n\n    ansible-playbook flant.gitops.reset\n"
    assert arrange.linked(page, {"reset"}) == page
