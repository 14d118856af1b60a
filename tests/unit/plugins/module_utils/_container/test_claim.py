# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import labels
from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container, Standing, judge, moment

ZERO = "0001-01-01T00:00:00Z"


def _container(status: str, **changes: Any) -> Container:  # noqa: ANN401 -- of several types
    described = {
        "Id": "1234",
        "Image": "sha256:5678",
        "State": {
            "Status": status,
            "StartedAt": changes.get("started", "2026-01-02T03:04:05.123456789Z"),
            "FinishedAt": changes.get("finished", "2026-01-02T03:04:06Z"),
            "ExitCode": 3,
            "OOMKilled": False,
        },
        "Config": {
            "Labels": changes.get("labels", {labels.DIGEST: "ours", labels.BUILDER: "builder"}),
            "Env": ["A=1", "B=x=y", "C", "D="],
        },
    }
    return Container.from_inspect(described)


@pytest.mark.parametrize(
    ("status", "started", "alive", "standing", "existing"),
    [
        ("created", False, False, Standing.HALF_MADE, "none"),
        ("created", False, True, Standing.BEING_MADE, "other_running"),
        ("initialized", False, False, Standing.HALF_MADE, "none"),
        ("exited", False, False, Standing.HALF_MADE, "none"),
        ("running", True, False, Standing.SAME_RUNNING, "same"),
        ("paused", True, False, Standing.SAME_RUNNING, "same"),
        ("restarting", True, False, Standing.SAME_RUNNING, "same"),
        ("stopping", True, False, Standing.SAME_RUNNING, "same"),
        ("exited", True, True, Standing.SAME_EXITED, "same"),
        ("stopped", True, True, Standing.SAME_EXITED, "same"),
        ("removing", True, False, Standing.GOING_AWAY, "none"),
        ("dead", True, False, Standing.GOING_AWAY, "none"),
    ],
)
def test_c9_every_state_is_defined(
    *, status: str, started: bool, alive: bool, standing: Standing, existing: str
) -> None:
    container = _container(status, **({} if started else {"started": ZERO}))
    judged = judge(container, "ours", lambda label: alive and label == "builder")
    assert judged is standing
    assert judged.existing == existing


@pytest.mark.parametrize(
    ("status", "standing", "existing"),
    [("running", Standing.OTHER_RUNNING, "other_running"), ("exited", Standing.OTHER_EXITED, "other_exited")],
)
def test_another_digest_is_another_run(status: str, standing: Standing, existing: str) -> None:
    judged = judge(_container(status), "theirs", lambda _other: False)
    assert (judged, judged.existing) == (standing, existing)


@pytest.mark.parametrize("status", ["created", "exited"])
def test_no_digest_is_foreign(status: str) -> None:
    for given in ({}, None):
        assert judge(_container(status, labels=given), "ours", lambda _other: True) is Standing.FOREIGN
    assert judge(_container("running", labels={}), "ours", lambda _other: True) is Standing.OTHER_RUNNING


def test_nothing_there_is_none() -> None:
    assert judge(None, "ours", lambda _other: True) is Standing.NONE


def test_an_end_before_the_start_is_moved_to_it() -> None:
    container = _container("exited", finished="2026-01-02T03:04:05.1Z")
    assert container.finished_at == container.started_at


@pytest.mark.parametrize("status", ["created", "exited", "running"])
def test_c7_a_run_whose_end_the_engine_does_not_know_has_not_succeeded(status: str) -> None:
    """As Podman has it after its machine went down, or when its conmon was killed."""
    cut_off = _container(status, finished=ZERO)
    assert (cut_off.exit_code, cut_off.is_end_known, cut_off.finished_at) == (255, False, cut_off.started_at)
    ended = _container(status)
    assert (ended.exit_code, ended.is_end_known) == (3, True)


def test_secrets_are_those_that_the_label_names() -> None:
    assert _container("exited", labels={labels.SECRET_ENV: '["B", "D", "missing"]'}).secrets == ["x=y", ""]
    assert _container("exited", labels={}).secrets == []


@pytest.mark.parametrize(("label", "seconds"), [("90.5", 90.5), ("soon", math.inf), ("", math.inf), (None, math.inf)])
def test_time_without_a_number_on_its_label_has_no_end(label: str | None, seconds: float) -> None:
    container = _container("running", labels={} if label is None else {labels.TIMEOUT: label})
    assert container.timeout == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", (2026, 1, 2, 3, 4, 5, 0)),
        ("2026-01-02T03:04:05.1Z", (2026, 1, 2, 3, 4, 5, 100000)),
        ("2026-01-02T03:04:05.123456789Z", (2026, 1, 2, 3, 4, 5, 123456)),
        ("2026-01-02T03:04:05.5+02:00", (2026, 1, 2, 1, 4, 5, 500000)),
        (ZERO, None),
        ("", None),
    ],
)
def test_times_of_the_engines(text: str, expected: tuple[int, ...] | None) -> None:
    assert moment(text) == (datetime(*expected, tzinfo=timezone.utc) if expected else None)  # type: ignore[misc,arg-type]  # a tuple of seven
