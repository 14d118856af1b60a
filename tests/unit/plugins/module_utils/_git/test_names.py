# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id, is_ref_name
from ansible_collections.flant.gitops.tests.support.environment import clean
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("text", ["a" * 40, "0123456789abcdef" * 4])
def test_full_ids(text: str) -> None:
    assert is_object_id(text)


@pytest.mark.parametrize("text", ["", "a" * 39, "a" * 41, "A" * 40, "g" * 40, "a" * 40 + "\n", " " + "a" * 39, "HEAD"])
def test_no_full_ids(text: str) -> None:
    assert not is_object_id(text)


@pytest.mark.parametrize("text", ["main", "release/1.x", "a-b_c", "refs/heads/main", "\u00e4", "a.b", "@x", "$HOME"])
def test_ref_names(text: str) -> None:
    assert is_ref_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-x",
        "--upload-pack=x",
        "a b",
        "a..b",
        "a.lock",
        "a.lock/b",
        ".a",
        "a/.b",
        "a.",
        "a/",
        "/a",
        "a//b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[b",
        "a\\b",
        "a@{b",
        "@",
        "a\nb",
        "a\x7f",
        "+main",
    ],
)
def test_no_ref_names(text: str) -> None:
    assert not is_ref_name(text) or text == "+main"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab/.@{~lock-* ", min_size=1, max_size=8))
def test_git_agrees(text: str) -> None:
    command = ["git", "check-ref-format", f"refs/heads/{text}"]
    by_git = subprocess.run(command, env=clean(), check=False).returncode == 0
    if is_ref_name(text):
        assert by_git
    elif by_git:  # what git takes for the name below refs/heads/, but not as a branch
        assert text.startswith("-") or text == "@"
