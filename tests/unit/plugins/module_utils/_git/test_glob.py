# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns against git's own reading of them, and what git knows nothing of."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.glob import parse
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.repository import Repository
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = ["a", "b", "ab", "a.tf", "A", "-", "]", "\\", "*", ".a", "ä", "prod"]
FILES = [
    *NAMES,
    *(f"d/{name}" for name in NAMES),
    *(f"{top}/{name}" for top in ("d d", "prod.d", "*d", "-d") for name in ("a", "b.tf")),
    *(f"d/e/{name}" for name in ("a", "b", "prod", "a.tf")),
    *(f"d/e/f/{name}" for name in ("a", "prod")),
    "e/prod.d/a",
    "e/prod.d/b/c",
]


PATTERNS = r"""
a d d/e prod * ** d/* d/** **/a **/prod d/**/a */a */* *.tf **/*.tf a* *a* ? ?? d?d/* [ab] [!a] [^a]
[a-b] []-] []a] [a-] [-a] [b-a]b \* \a d/\* \\ [\]] [\\] ?/?/? */e/* d/**/**/a [!]] [a-a] [A-Z] *d/a
\*d/* d/e/**/prod **/e/** ä ?ä [.-a]* [!a-z] d/?* [a\-b] [\a-b] [a-\b] [--b] [b--]a *b* a*b *.*.*
**/** **/d/**/e/**
"""


def files() -> list[str]:
    """Return those of the files that can be in one tree."""
    folders = {file.rsplit("/", depth)[0] for file in FILES for depth in range(1, file.count("/") + 1)}
    return [file for file in FILES if file not in folders]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("glob") / "r.git")
    blob = made.object("blob", b"")
    lines = "".join(f"100644 {blob}\t{file}\0" for file in files())
    made.git("update-index", "-z", "--add", "--index-info", stdin=lines.encode())
    return made


def chosen_by_git(repository: Repository, pattern: str) -> set[str]:
    command = ["git", f"--git-dir={repository.path}", "ls-files", "-z", "--", f":(glob,top){pattern}"]
    ran = subprocess.run(command, capture_output=True, env=clean(), check=True, cwd=repository.path)
    return {os.fsdecode(name) for name in ran.stdout.split(b"\0") if name}


def chosen(pattern: str) -> set[str]:
    read = parse(pattern)
    return {file for file in files() if read.matches(os.fsencode(file))}


@pytest.mark.parametrize("pattern", PATTERNS.split())
def test_a_pattern_is_what_it_is_for_git(repository: Repository, pattern: str) -> None:
    assert chosen(pattern) == chosen_by_git(repository, pattern)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([*"abde.*?/-", "**", "/**/", "[", "]", "!", "^", "\\", "prod", "[a-", "tf"]),
        min_size=1,
        max_size=7,
    )
)
def test_any_pattern_is_what_it_is_for_git(repository: Repository, parts: list[str]) -> None:
    pattern = "".join(parts)
    try:
        ours = chosen(pattern)
    except ValueError:
        return
    itself = {pattern[: -len("/**")]} if pattern.endswith("/**") else set()
    assert chosen_by_git(repository, pattern) <= ours <= chosen_by_git(repository, pattern) | itself


def test_a_folders_pattern_is_the_name_of_the_folder_too() -> None:
    assert parse("prod/**").matches(b"prod")
    assert parse("a/*/prod/**").matches(b"a/b/prod")
    assert not parse("prod/**").matches(b"production")
    assert not parse("prod/**").matches(b"Prod/a")


@pytest.mark.parametrize("path", [b"prod/\xff\xfe", b"prod/a\nb", b"prod/" + b"a" * 10_000, b"prod//", b"prod/../x"])
def test_any_bytes_are_a_path(path: bytes) -> None:
    assert parse("prod/**").matches(path)
    assert parse("prod").matches(path)
    assert not parse("net/**").matches(path)


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "**/a/" * 30 + "b", "[ab]*" * 30 + "c"])
def test_a_hostile_path_costs_no_more_than_its_length_times_the_patterns(pattern: str) -> None:
    read = parse(pattern)
    assert not read.matches(b"a" * 4000)
    assert not read.matches(b"a/" * 2000 + b"a")


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("prod/db/**", b"prod", True),
        ("prod/db/**", b"prod/db", True),
        ("prod/db/**", b"prod/db/x", True),
        ("prod/db/**", b"prod/net", False),
        ("prod/db/**", b"net", False),
        ("prod/db", b"prod", True),
        ("prod/db", b"prod/db/x/y", True),
        ("prod/db", b"prod/dbs", False),
        ("*/db/x.tf", b"prod", True),
        ("*/db/x.tf", b"prod/db", True),
        ("*/db/x.tf", b"prod/db/x.tf", True),
        ("*/db/x.tf", b"prod/db/x.tf/y", False),
        ("*/db/x.tf", b"prod/net", False),
        ("**/*.tf", b"any/thing", True),
        ("a/**/b", b"a/x/y/z", True),
        ("a/**/b", b"b", False),
        ("*", b"a", True),
        ("*", b"a/b", False),
    ],
)
def test_what_may_be_below_a_link_or_a_submodule(pattern: str, path: bytes, expected: bool) -> None:
    assert parse(pattern).reaches_below(path) is expected


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "is empty"),
        (" prod/**", "white space"),
        ("prod/**\n", "white space"),
        ("prod\x00", "not seen"),
        ("prod\u202e/**", "not seen"),
        ("!docs/**", "exception"),
        (":(exclude)docs", "magic"),
        ("/prod/**", "begins or ends with a slash"),
        ("prod/", "begins or ends with a slash"),
        ("a//b", "empty name"),
        ("./prod", "empty name"),
        ("a/../b", "empty name"),
        ("a\\/b", "backslash"),
        ("a\\", "backslash"),
        ("[ab", "bracket"),
        ("[a/b]", "bracket"),
        ("[a\\", "bracket"),
        ("[", "bracket"),
        ("[!", "bracket"),
        ("d**", "asterisks"),
        ("**d/a", "asterisks"),
        ("***/a", "asterisks"),
        ("[[:alpha:]]", "class"),
        ("[ä]", "ASCII"),
    ],
)
def test_what_could_guard_nothing_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(pattern)
