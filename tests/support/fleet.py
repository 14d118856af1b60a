# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of hosts, simulated: at which second each of them begins its run, by the schedule that the role renders."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import yaml
from ansible.plugins.filter.core import FilterModule
from ansible_collections.flant.gitops.plugins.module_utils._offset import offset
from ansible_collections.flant.gitops.plugins.plugin_utils._schedule_times import schedule_times

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.flant.gitops.plugins.plugin_utils._schedule_times import Times

ROLE = Path(__file__).resolve().parents[2] / "roles/flant_gitops"
PERIOD = 300  # seconds: the role's own schedule is every five minutes
NEW, OLD = "systemd 252 (252.38-1~deb12u1)", "systemd 246 (246.6)"
_EVENTS = "\n".join(f"Iter. #{number}: Mon 2026-11-30 12:{5 * number:02}:00 UTC" for number in range(1, 11))


def times(manager: str, systemd: str = "", delay: str = "") -> Times:
    """Return the times of the role's own schedule; ``delay`` is what the operator has chosen, if anything."""
    settings = {name.removeprefix("flant_gitops_"): value for name, value in _defaults().items()}
    steps: dict[str, Any] = {"version": {"stdout": systemd}, "calendar": {"stdout": _EVENTS if systemd else ""}}
    config = {**settings, "schedule_randomized_delay": delay or settings["schedule_randomized_delay"]}
    return schedule_times(config=config, manager=manager, steps=steps, now="2026-11-30T12:00:00Z")


def timer(known: Times) -> dict[str, str]:
    """Return the settings of the timer that the role renders."""
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701 -- no HTML
    environment.filters["comment"] = FilterModule().filters()["comment"]
    template = environment.from_string((ROLE / "templates/schedule.timer.j2").read_text(encoding="utf-8"))
    text = template.render(_defaults(), ansible_managed="", _flant_gitops_schedule_times=known)
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def seconds(known: Times, hosts: Iterable[int]) -> list[int]:
    """Return the second of the period at which each of the ``hosts`` begins.

    systemd puts an event off by a digest of machine and unit, modulo the delay. SHA-256 stands in for its SipHash,
    which it takes of the machine that it runs on alone.
    """
    settings = timer(known)
    delay = int(settings.get("RandomizedDelaySec", 0))
    fixed = settings.get("FixedRandomDelay") == "true"
    assert fixed or not delay, "a host that takes another second each time is not simulated"
    own = (offset(f"{host:032x} web{host}", "default", known.program_delay) for host in hosts)
    return [(int(_systemds(host, delay)) + each) % PERIOD for host, each in zip(hosts, own)]


def misses(known: Times, hosts: Iterable[int]) -> list[int]:
    """Return those of the ``hosts`` that may miss each second event, as seen of systemd 252.

    The timer may be put off for as long as it is inaccurate, and the next event is the first one after that.
    """
    settings = timer(known)
    number, unit = re.fullmatch(r"([0-9]+)(us|s)", settings["AccuracySec"]).groups()
    accuracy = int(number) * (1 if unit == "s" else 1e-6)
    delay = int(settings.get("RandomizedDelaySec", 0))
    return [host for host in hosts if _systemds(host, delay) + accuracy >= PERIOD]


def busiest(turns: Iterable[int]) -> float:
    """Return how many begin in the busiest second of the period, against the even share."""
    counts = Counter(turns)
    return max(counts.values()) * PERIOD / sum(counts.values())


def _defaults() -> dict[str, Any]:
    return dict(yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8")))


def _systemds(host: int, delay: int) -> float:
    digest = hashlib.sha256(f"{host:032x} flant-gitops-default.timer".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (delay * 1_000_000) / 1e6 if delay else 0
