# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the module was asked for, checked before anything is done."""

from __future__ import annotations

import posixpath
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.flant.gitops.plugins.module_utils._container import address
from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image, parse
from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._size import parse_size
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What needs to know nothing of a run but its name.
_BY_NAME_ALONE = frozenset({"remove", "show"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+", re.ASCII)
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
# What the engines take for something else than a network's name.
_RESERVED_NETWORKS = frozenset({"host", "default", "container", "private", "ns", "slirp4netns", "pasta"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_CAPABILITY = re.compile(r"(?!ALL$)[A-Z][A-Z_]*", re.ASCII)
_ACCOUNT = r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?"
_USER = re.compile(rf"{_ACCOUNT}(?::{_ACCOUNT})?", re.ASCII)
_Number = TypeVar("_Number", int, float)
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)
# ansible-core 2.18 takes a template's text apart that looks like a list or a dictionary.
_KEEP_TEXT = "put it in quotes, and where it is a template, let it end in '| string'"
_MODE = re.compile(r"0[0-7]{3}", re.ASCII)


@dataclass(frozen=True)
class ExtraFile:
    """A small file that is put beside the tree."""

    path: str
    content: bytes = field(repr=False)
    mode: int = 0o644


@dataclass(frozen=True)
class RegistryLogin:
    """Who pulls from the registry."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Owner:
    """Whose containers these are, on an engine that others use, too; all three empty: nobody's in particular."""

    machine: str = ""
    instance: str = ""
    git_dir: str = ""


@dataclass(frozen=True)
class Tls:
    """Paths of PEM files for an engine that is reached over TLS."""

    ca_cert: str | None
    client_cert: str | None
    client_key: str | None


@dataclass(frozen=True)
class Request:
    """One call of the module."""

    action: str
    name: str
    image: Image = field(default_factory=lambda: Image(""))
    commands: tuple[str, ...] = ()
    archive: Path | None = None
    archive_sha256: str = ""
    files: tuple[ExtraFile, ...] = ()
    working_dir: str = "/git"
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    identity: str = ""
    owner: Owner = field(default_factory=Owner)
    creates: Path | None = None
    cleanup: bool = True
    return_secret_env: bool = False
    pull: str = "missing"
    registry_login: RegistryLogin | None = None
    network_mode: str = "bridge"
    user: str = ""
    memory: int | None = None
    cpus: float | None = None
    pids_limit: int = 1024
    cap_add: tuple[str, ...] = ()
    read_only: bool = False
    accept_missing: tuple[str, ...] = ()
    timeout: float = 1800.0
    max_output: int = 1 << 20
    docker_host: str = ""
    tls: Tls | None = None
    check_mode: bool = False

    @property
    def secrets(self) -> list[str]:
        """What must not show anywhere."""
        return [*self.secret_env.values(), *([self.registry_login.password] if self.registry_login else [])]

    @property
    def files_inside(self) -> list[ExtraFile]:
        """The extra files that go where the tree goes."""
        return [file for file in self.files if file.path.startswith(f"{self.working_dir}/")]

    @property
    def files_outside(self) -> list[ExtraFile]:
        """The extra files that go to the image's own folders."""
        return [file for file in self.files if not file.path.startswith(f"{self.working_dir}/")]

    @classmethod
    def from_params(cls, params: Mapping[str, Any], *, check_mode: bool) -> Request:
        """Check the module's parameters.

        Raises:
            Failure: one of them cannot be; the sentence names it.
        """
        request = cls(
            action=params["action"],
            name=_name(params["name"] or "", params["action"], is_kept=not params["cleanup"]),
            image=parse(params["image"], require_digest=params["require_digest"]) if params["image"] else Image(""),
            commands=_commands(params["commands"]),
            archive=_trusted("archive", params["archive"]),
            archive_sha256=_matching("archive_sha256", params["archive_sha256"] or "", _SHA256),
            files=_files(params["files"]),
            working_dir=_working_dir(params["working_dir"]),
            env=_variables("env", params["env"]),
            secret_env=_variables("secret_env", params["secret_env"]),
            identity=params["identity"],
            owner=Owner(**params["owner"]) if params["owner"] else Owner(),
            creates=Path(params["creates"]) if params["creates"] else None,
            cleanup=params["cleanup"],
            return_secret_env=params["return_secret_env"],
            pull=params["pull"],
            registry_login=_registry_login(params["registry_username"], params["registry_password"]),
            network_mode=_network(params["network_mode"]),
            user=_matching("user", params["user"], _USER) if params["user"] else "",
            memory=_at_least("memory", parse_size(params["memory"], "memory"), 1) if params["memory"] else None,
            cpus=_at_least("cpus", params["cpus"], 0.01) if params["cpus"] is not None else None,
            pids_limit=_at_least("pids_limit", params["pids_limit"], 1),
            cap_add=tuple(sorted({_capability(name) for name in params["cap_add"]})),
            read_only=params["read_only"],
            accept_missing=tuple(params["accept_missing"]),
            timeout=_at_least("timeout", parse_duration(params["timeout"], "timeout"), 0.001),
            max_output=_at_least("max_output", parse_size(params["max_output"], "max_output"), 1),
            docker_host=params["docker_host"] or "",
            tls=_tls(params),
            check_mode=check_mode,
        )
        request._check_together()
        return request

    def _check_together(self) -> None:
        if self.action not in _BY_NAME_ALONE and not self.image.text:
            raise Failure(f"image: action {self.action} needs it.")
        if self.action not in _BY_NAME_ALONE and not self.commands:
            raise Failure(f"commands: action {self.action} needs at least one.")
        if both := self.env.keys() & self.secret_env.keys():
            raise Failure(f"secret_env: {min(both)} is set in env, too.")
        for file in self.files:
            if f"{self.working_dir}/".startswith(f"{file.path.rstrip('/')}/"):
                raise Failure(f"files: {file.path} is where working_dir has to be a folder.")
        if self.read_only and self.files_outside:
            path = self.files_outside[0].path
            raise Failure(f"files: {path} is outside of working_dir, where read_only leaves nothing to write.")
        if self.return_secret_env and self.action != "remove":
            raise Failure("return_secret_env: it is for action remove, after which nobody else has them.")
        if self.docker_host:
            address.check(self.docker_host, tls=bool(self.tls))
        if self.archive_sha256 and not self.archive:
            raise Failure("archive_sha256: there is no archive that it could be of.")


def _name(text: str, action: str, *, is_kept: bool) -> str:
    """Return the container's name, one of its own for a run that was given none."""
    if not text and is_kept:
        raise Failure("name: a container that is kept needs one, or nobody would find it again.")
    if not text and action == "run":
        return f"run-{secrets.token_hex(8)}"
    if not text:
        raise Failure(f"name: action {action} needs it.")
    return _matching("name", text, _NAME)


def _matching(option: str, text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise Failure(f"{option}: {text!r} does not match {pattern.pattern}.")
    return text


def _at_least(option: str, number: _Number, least: float) -> _Number:
    if number < least:
        raise Failure(f"{option}: must be at least {least}.")
    return number


def _trusted(option: str, text: str | None) -> Path | None:
    if not text:
        return None
    path = Path(text).absolute()
    with trusted_file(path, option):
        return path


def _inside(option: str, text: str) -> str:
    """Return a path inside the container, without what would make it ambiguous."""
    if not text.startswith("/") or "\0" in text or ".." in text.split("/"):
        raise Failure(f"{option}: {text!r} is not an absolute path without '..'.")
    return "/" + posixpath.normpath(text).lstrip("/")


def _working_dir(text: str) -> str:
    path = _inside("working_dir", text)
    if path == "/":
        raise Failure("working_dir: a volume cannot stand at /.")
    return path


def _commands(given: object) -> tuple[str, ...]:
    """Return the commands, of which a text is one, commas and all."""
    commands = [given] if isinstance(given, str) else given
    if not isinstance(commands, (list, tuple)):
        raise Failure("commands: it must be a list of texts.")
    return tuple(_text(f"commands: number {number}", command) for number, command in enumerate(commands, 1))


def _text(what: str, value: object) -> str:
    """Return a text or number as a text; of anything else Ansible would make what nobody wrote."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Failure(f"{what} is not a text; {_KEEP_TEXT}.")
    return str(value)


def _files(entries: Sequence[Mapping[str, Any]]) -> tuple[ExtraFile, ...]:
    files = tuple(
        ExtraFile(
            _inside("files", entry["path"]),
            _text(f"files: the content of {entry['path']}", entry["content"]).encode("utf-8", "surrogateescape"),
            int(_matching("files: mode", entry["mode"], _MODE), 8),
        )
        for entry in entries
    )
    paths = sorted(file.path for file in files)
    for path, following in zip(paths, paths[1:]):
        if following == path or following.startswith(f"{path}/"):
            raise Failure(f"files: {following} and {path} cannot both be files.")
    return files


def _variables(option: str, values: Mapping[str, Any]) -> dict[str, str]:
    for key, value in values.items():
        _matching(f"{option}: name", str(key), _VARIABLE)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise Failure(f"{option}: {key} is neither text nor a whole number; {_KEEP_TEXT}.")
        if "\0" in str(value):
            raise Failure(f"{option}: {key} holds a NUL, which no variable can.")
    return {str(key): str(value) for key, value in values.items()}


def _registry_login(username: str | None, password: str | None) -> RegistryLogin | None:
    if not username and not password:
        return None
    if not username or not password:
        raise Failure("registry_username: it and registry_password are only of use together.")
    return RegistryLogin(username, password)


def _network(name: str) -> str:
    if not _NETWORK.fullmatch(name) or name in _RESERVED_NETWORKS:
        raise Failure(f"network_mode: {name!r} is refused; write bridge, none or the name of a network of your own.")
    return name


def _capability(name: str) -> str:
    plain = name.upper().removeprefix("CAP_")
    if not _CAPABILITY.fullmatch(plain):
        raise Failure(f"cap_add: {name!r} is not a single capability.")
    return plain


def _tls(params: Mapping[str, Any]) -> Tls | None:
    ca_cert, client_cert, client_key = (params[f"tls_{name}"] for name in ("ca_cert", "client_cert", "client_key"))
    if not any((ca_cert, client_cert, client_key)):
        return None
    if bool(client_cert) != bool(client_key):
        raise Failure("tls_client_cert: it and tls_client_key are only of use together.")
    return Tls(ca_cert, client_cert, client_key)
