# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens while a container is made, at moments that no engine lets a test hit: a fake stands in for it."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import run
from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container
from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import DOCKER
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import NameTaken
from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image
from ansible_collections.flant.gitops.plugins.module_utils._container.outcome import Ending
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = Request(action="run", name="name", image=Image("sha256:1"), commands=("true",), timeout=0.01)


class Making:
    """An engine that makes a container while a signal comes, or says that the name is taken."""

    dialect = DOCKER

    def __init__(self, *, taken: bool) -> None:
        self.done: list[str] = []
        self._taken = taken
        self._made: dict[str, Any] = {}

    def image(self, _reference: str) -> dict[str, Any]:
        return {"Id": "image"}

    def container(self, _name: str) -> dict[str, Any] | None:
        return self._made or None

    def labelled(self, _labels: dict[str, str]) -> list[str]:
        return []

    def create(self, _name: str, body: dict[str, Any]) -> str:
        self.done.append("create")
        if self._taken:
            raise NameTaken("The name is taken.", 409)
        signal.raise_signal(signal.SIGTERM)
        state = {"Status": "created", "StartedAt": "", "FinishedAt": "", "ExitCode": 0, "OOMKilled": False}
        self._made = {"Id": "id", "Image": "image", "State": state, "Config": body}
        return "id"

    def remove(self, container: str) -> None:
        self.done.append(f"remove {container}")


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Making:
    making = Making(taken=request.param)

    @contextlib.contextmanager
    def connect(*_arguments: object) -> Iterator[Making]:
        yield making

    monkeypatch.setattr(run, "connect", connect)
    return making


@pytest.mark.parametrize("engine", [False], indirect=True)
def test_a_signal_while_the_container_is_made_leaves_nothing(engine: Making) -> None:
    with pytest.raises(Failure, match="Interrupted by SIGTERM"), interruptible():
        run.run(REQUEST)
    assert engine.done == ["create", "remove id"]


@pytest.mark.parametrize("engine", [True], indirect=True)
def test_c8_a_name_that_is_taken_by_nothing_is_not_waited_for_without_end(engine: Making) -> None:
    with pytest.raises(Failure, match=r"^The name is taken\.$"):
        run.run(REQUEST)
    assert set(engine.done) == {"create"}


@pytest.mark.parametrize("engine", [False], indirect=True)
def test_r14_a_mark_where_others_could_put_or_hide_it_is_refused(engine: Making, tmp_path: Path) -> None:
    looking = replace(REQUEST, creates=tmp_path / "done", check_mode=True)
    assert run.run(looking).changed
    tmp_path.chmod(0o777)
    with pytest.raises(Failure, match=rf"^creates: {tmp_path} can be written to by others"):
        run.run(looking)
    assert engine.done == []


@pytest.mark.parametrize("engine", [False], indirect=True)
def test_the_root_directory_is_a_mark_that_is_there(engine: Making) -> None:
    assert not run.run(replace(REQUEST, creates=Path("/"), check_mode=True)).changed
    assert engine.done == []


def test_a_long_last_line_does_not_fill_the_message() -> None:
    state = {
        "Status": "exited",
        "StartedAt": "",
        "FinishedAt": "2026-01-01T00:00:00Z",
        "ExitCode": 1,
        "OOMKilled": False,
    }
    container = Container.from_inspect({"Id": "id", "Image": "image", "State": state, "Config": {}})
    call = run._Call(None, REQUEST, [])  # type: ignore[arg-type]  # noqa: SLF001 -- no engine is asked
    complaint = call._complaint(Ending(container, "", f"{'a' * 900_000}\n\n"))  # noqa: SLF001 -- what is tested
    assert complaint.startswith("The commands in container name failed with rc 1: aaa")
    assert len(complaint) < 600
