# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import labels
from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image
from ansible_collections.flant.gitops.plugins.module_utils._container.request import ExtraFile, RegistryLogin, Request

RUN = Request(
    action="run",
    name="name",
    image=Image("image"),
    commands=("one", "two"),
    files=(ExtraFile("/a", b"a"), ExtraFile("/b", b"b")),
    env={"A": "1", "B": "2"},
    identity="commit",
)


@pytest.mark.parametrize(
    "difference",
    [
        {"identity": "other"},
        {"image": Image("other")},
        {"commands": ("one two",)},
        {"commands": ("two", "one")},
        {"working_dir": "/other"},
        {"env": {"A": "1"}},
        {"env": {"A": "2", "B": "1"}},
        {"files": (ExtraFile("/a", b"a"),)},
        {"files": (ExtraFile("/a", b"b"), ExtraFile("/b", b"a"))},
        {"files": (ExtraFile("/a", b"a", 0o600), ExtraFile("/b", b"b"))},
        {"user": "other"},
        {"network_mode": "none"},
        {"cap_add": ("CHOWN",)},
    ],
)
def test_what_makes_another_run(difference: dict[str, Any]) -> None:
    assert labels.digest(replace(RUN, **difference)) != labels.digest(RUN)


@pytest.mark.parametrize(
    "difference",
    [
        {"action": "adopt"},
        {"name": "other"},
        {"archive": Path("/tree.tar")},
        {"files": (ExtraFile("/b", b"b"), ExtraFile("/a", b"a"))},
        {"env": {"B": "2", "A": "1"}},
        {"secret_env": {"S": "1"}},
        {"creates": Path("/x")},
        {"cleanup": False},
        {"pull": "always"},
        {"registry_login": RegistryLogin("x", "y")},
        {"memory": 1},
        {"cpus": 1.0},
        {"pids_limit": 1},
        {"timeout": 1.0},
        {"max_output": 1},
        {"docker_host": "tcp://x"},
        {"check_mode": True},
    ],
)
def test_what_makes_no_other_run(difference: dict[str, Any]) -> None:
    assert labels.digest(replace(RUN, **difference)) == labels.digest(RUN)


def test_an_archive_that_nothing_stands_for_is_like_no_other() -> None:
    unnamed = replace(RUN, archive=Path("/tree.tar"), identity="")
    assert labels.digest(unnamed) != labels.digest(unnamed)


def test_all_labels_are_always_set() -> None:
    described = labels.describe(replace(RUN, secret_env={"B": "x", "A": "y"}), "digest", "builder")
    assert described == {
        labels.IDENTITY: "commit",
        labels.DIGEST: "digest",
        labels.SECRET_ENV: '["A", "B"]',
        labels.BUILDER: "builder",
        labels.TIMEOUT: "1800",
        labels.MACHINE: "",
        labels.INSTANCE: "",
        labels.GIT_DIR: "",
    }
