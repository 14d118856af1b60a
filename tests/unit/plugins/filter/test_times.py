# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.filter.duration import duration
from ansible_collections.flant.gitops.plugins.filter.seconds_since import seconds_since

HOUR = timedelta(hours=1)


def test_duration_reads_what_the_modules_read() -> None:
    assert duration("1h30m") == 5400
    assert duration(90) == 90


def test_what_is_no_duration_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="'soon' is not a duration"):
        duration("soon")


@pytest.mark.parametrize("fraction", ["", ".%f"])
@pytest.mark.parametrize("zone", ["", "Z", "+00:00"])
@pytest.mark.parametrize("distance", [HOUR, -HOUR])
def test_seconds_since_is_negative_for_what_lies_ahead(fraction: str, zone: str, distance: timedelta) -> None:
    moment = (datetime.now(timezone.utc) - distance).strftime(f"%Y-%m-%dT%H:%M:%S{fraction}{zone}")
    assert seconds_since(moment) == pytest.approx(distance.total_seconds(), abs=5)


def test_what_is_no_time_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="'noon' is not an ISO 8601 time"):
        seconds_since("noon")
