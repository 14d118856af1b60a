# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected, Reply, Section


def test_fields_of_a_reply_are_checked_as_they_are_read() -> None:
    section = Section("It", {"text": "a", "number": 1, "texts": ["a"], "mapping": {"a": 1}, "null": None})

    assert (section.text("text"), section.text("null"), section.text("none")) == ("a", "", "")
    assert (section.number("number"), section.number("null")) == (1, 0)
    assert (section.texts("texts"), section.texts("null")) == (["a"], [])
    assert (section.mapping("mapping"), section.mapping("null")) == ({"a": 1}, {})


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", 1), ("number", "1"), ("number", True), ("number", 1.5), ("texts", "a"), ("texts", [1]), ("mapping", [])],
)
def test_a_field_of_another_kind_is_refused_without_quoting_it(kind: str, value: object) -> None:
    section = Section("It", {"field": value})

    with pytest.raises(Failure, match=r"^It: the server's reply has something unexpected as field\.$"):
        getattr(section, kind)("field")


@pytest.mark.parametrize("content", [{}, {"auth": None}, {"auth": []}, {"auth": {}}])
def test_a_section_may_be_missing(content: dict[str, object]) -> None:
    assert not Reply("It", 200, content).section("auth")


def test_no_content_is_in_what_a_traceback_would_show() -> None:
    reply = Reply("It", 200, {"auth": {"client_token": "hidden"}})

    assert "hidden" not in repr((reply, reply.section("auth")))


def test_every_status_makes_a_sentence() -> None:
    assert str(Rejected("It", 403)) == "It: permission denied (HTTP 403)."
    assert str(Rejected("It", 418)) == "It: the server answered with an error (HTTP 418)."
