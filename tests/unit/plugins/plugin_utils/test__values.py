# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables as operators write them, and what is made of them."""

from __future__ import annotations

from collections import UserDict, UserString
from datetime import date, datetime, timezone
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._values import (
    items,
    plain,
    strict,
    text,
    texts,
    with_texts,
)

A_TEXT = "it must be a text; put it in quotes."


@pytest.mark.parametrize(("value", "read"), [("text", "text"), ("", ""), (None, ""), (1, "1"), (0, "0"), (1.5, "1.5")])
def test_texts_and_numbers_are_texts(value: object, read: str) -> None:
    assert text(value, "option") == read


@pytest.mark.parametrize("value", [True, False, [], {}, b"text"])
def test_anything_else_is_no_text(value: object) -> None:
    with pytest.raises(Failure) as raised:
        text(value, "option")
    assert str(raised.value) == f"option: {A_TEXT}"


@pytest.mark.parametrize(("value", "read"), [(None, []), ([], []), ([1, "a"], [1, "a"]), ((1, 2), [1, 2])])
def test_lists_are_lists(value: object, read: list[object]) -> None:
    assert items(value, "option") == read


@pytest.mark.parametrize("value", ["a", {}, 1, False])
def test_anything_else_is_no_list(value: object) -> None:
    with pytest.raises(Failure) as raised:
        items(value, "option")
    assert str(raised.value) == "option: it must be a list."


def test_list_of_texts_names_the_element_at_fault() -> None:
    assert texts(["a", 1, None], "option") == ["a", "1", ""]
    for value, sentence in ((["a", []], f"option[1]: {A_TEXT}"), ("a", "option: it must be a list.")):
        with pytest.raises(Failure) as raised:
            texts(value, "option")
        assert str(raised.value) == sentence


class Template(dict[str, object]):
    """A dictionary that fills its values in when they are asked for, as Ansible's own does."""

    def items(self) -> Any:  # noqa: ANN401 -- a view of what it fills in
        return {key: f"filled in {value}" for key, value in super().items()}.items()


def test_templates_are_filled_in_however_deep_they_are() -> None:
    filled = plain([1, ("a", {"b": Template(c="d")})])
    assert filled == [1, ["a", {"b": {"c": "filled in d"}}]]
    assert not isinstance(filled[1][1]["b"], Template)  # type: ignore[index]
    other = UserDict()
    assert plain(other) is other


def test_dates_of_yaml_become_texts() -> None:
    given = {"a": [datetime(2027, 1, 1, tzinfo=timezone.utc)], "b": date(2027, 1, 1)}
    assert plain(given) == {"a": ["2027-01-01T00:00:00+00:00"], "b": "2027-01-01"}


def test_inline_vault_values_of_old_ansible_become_texts() -> None:
    """There they are a UserString in all but name."""
    (found,) = plain([UserString("secret")])  # type: ignore[misc]
    assert isinstance(found, str)
    assert found == "secret"


@pytest.mark.parametrize("kind", ["str", "path"])
def test_option_that_is_a_text_takes_no_other(kind: str) -> None:
    assert strict(1, {"type": kind}, "option") == "1"
    with pytest.raises(Failure) as raised:
        strict(["a"], {"type": kind}, "option")
    assert str(raised.value) == f"option: {A_TEXT}"


def test_option_of_another_type_is_left_to_ansible() -> None:
    assert strict("yes", {"type": "bool"}, "option") == "yes"
    assert strict({"a": ("b",)}, {"type": "dict"}, "option") == {"a": ["b"]}


def test_option_that_is_a_list_names_what_is_wrong_in_it() -> None:
    assert strict(["a", 1], {"type": "list"}, "option") == ["a", "1"]
    with pytest.raises(Failure) as raised:
        strict([True], {"type": "list"}, "option")
    assert str(raised.value) == f"option[0]: {A_TEXT}"


RECORDS = {"type": "list", "options": {"name": {"type": "str"}, "parts": {"type": "list"}}}


def test_records_are_read_by_their_own_options() -> None:
    given = [{"name": 1, "parts": None}, {"parts": [2], "unknown": (True,), 3: "key"}]
    assert strict(given, RECORDS, "option") == [{"name": "1"}, {"parts": ["2"], "unknown": [True], "3": "key"}]
    assert strict(None, RECORDS, "option") == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("a", "option: it must be a list."),
        ([{}, "a"], "option[1]: it must be a dictionary."),
        ([{"name": []}], f"option[0]: name: {A_TEXT}"),
        ([{"parts": "a"}], "option[0]: parts: it must be a list."),
        ([{"parts": [[]]}], f"option[0]: parts[0]: {A_TEXT}"),
    ],
)
def test_record_that_is_wrong_is_named(given: object, sentence: str) -> None:
    with pytest.raises(Failure) as raised:
        strict(given, RECORDS, "option")
    assert str(raised.value) == sentence


def test_only_what_is_named_and_there_becomes_a_text() -> None:
    config = {"a": 1, "b": 2, "c": None}
    assert with_texts(config, ["a", "c", "d"]) == {"a": "1", "b": 2, "c": ""}
    assert config == {"a": 1, "b": 2, "c": None}
    with pytest.raises(Failure) as raised:
        with_texts({"a": []}, ["a"], "my_")
    assert str(raised.value) == f"my_a: {A_TEXT}"
