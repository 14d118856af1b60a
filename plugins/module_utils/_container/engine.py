# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The Docker Engine API, as Docker and Podman serve it.

https://docs.docker.com/reference/api/engine/. Nothing of this machine's Docker client configuration acts: no context,
no ``config.json``, no proxy, no netrc. Each call has its own bound on how long it may take.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tarfile
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._container import diagnosis
from ansible_collections.flant.gitops.plugins.module_utils._container.address import check as check_address
from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline
from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import DOCKER, PODMAN
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._library import check as check_library
from ansible_collections.flant.gitops.plugins.module_utils._printable import escaped
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

try:
    import docker
    from docker.api.client import APIClient
    from docker.errors import APIError, DockerException, NotFound
    from docker.tls import TLSConfig
    from docker.utils import decode_json_header
    from requests.exceptions import InvalidURL, ReadTimeout, RequestException
    from urllib3.exceptions import HTTPError as TransportError
    from urllib3.exceptions import ReadTimeoutError

    _MISSING = None
except ImportError as error:
    _MISSING = error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import Dialect
    from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import RegistryLogin, Tls
    from requests import Response

# Long enough for a loaded engine to create, start or remove a container.
_CALL_SECONDS = 120.0
_REMOVAL_SECONDS = 60.0
_POLL_SECONDS = 0.1
_CHUNK = 1 << 16
_LARGEST_FILE = 1 << 24
_CONFLICT = 409
_NOT_FOUND = 404
_WORDS = 250
# The first version of the API that has a word for all that is asked of it. Only the greeting uses it.
_OLDEST_VERSION = "1.40"
_USUAL_SOCKETS = (
    "/var/run/docker.sock",
    "{runtime}/docker.sock",
    "/run/podman/podman.sock",
    "{runtime}/podman/podman.sock",
)

# The bits of a mode in Go, https://pkg.go.dev/io/fs#FileMode.
_FOLDER = 1 << 31
_LINK = 1 << 27
_KIND = 0x8F280000


@dataclass(frozen=True)
class Stat:
    """What is at a path in a container."""

    mode: int
    target: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and not a link to one."""
        return self.mode & _KIND == _FOLDER

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link; ``target`` is then where it leads within the container."""
        return bool(self.mode & _LINK)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return not self.mode & _KIND


class Refused(Failure):
    """The engine answered, with an error."""

    def __init__(self, message: str, status: int) -> None:
        """Take the sentence and the HTTP status."""
        super().__init__(message)
        self.status = status


class NameTaken(Refused):
    """Another container has the name."""


class Gone(Refused):
    """What was asked about is not there, or no longer."""


class Unreachable(Failure):
    """The engine did not answer, or not to the end."""


class TooSlow(Unreachable):
    """The engine did not answer within the time it was given."""


class Attached:
    """The live output of a container, as the engine frames it."""

    def __init__(self, connection: socket.socket, response: Response) -> None:
        """Take the connection, and the HTTP answer that it was upgraded by and that has to be closed after it."""
        self._socket = connection
        self._response = response

    def receive(self, seconds: float) -> bytes | None:
        """Return what came, ``b""`` at the end or when the connection broke, None if nothing came in time."""
        self._socket.settimeout(max(seconds, _POLL_SECONDS))
        try:
            return self._socket.recv(_CHUNK)
        except socket.timeout:
            return None
        except OSError:
            return b""

    def close(self) -> None:
        """End the connection; the container does not notice."""
        self._socket.close()
        self._response.close()


class Engine:
    """One engine. Its methods say what they do in the API's words."""

    def __init__(self, client: APIClient, address: str, dialect: Dialect) -> None:
        """Take a client that is set up; `connect` makes one."""
        # Its published types are stricter than it is: it takes fractions of seconds, for one.
        self._client: Any = client
        self._address = address
        self.dialect = dialect
        self._names: dict[str, str] = {}

    def now(self) -> datetime:
        """Return the engine's own time, to the second."""
        with self._call("telling the time"):
            answer = self._client.get(f"{self._client.base_url}/_ping", timeout=_CALL_SECONDS)
            return parsedate_to_datetime(answer.headers["Date"])

    def architecture(self) -> str:
        """Return what the engine's machine is, in Go's words."""
        with self._call("telling its version"):
            return str(self._client.version()["Arch"])

    def container(self, name: str) -> dict[str, Any] | None:
        """Describe a container by its name or id, None where there is none."""
        with self._call(f"looking at {self._shown(name)}"), _none_if_missing():
            described: dict[str, Any] = self._client.inspect_container(name)
            self._names[described["Id"]] = described["Name"].lstrip("/")
            # A prefix of an id would do for the engine.
            return described if name in (described["Id"], self._names[described["Id"]]) else None
        return None

    def volume(self, container: str, path: str) -> str:
        """Return the name of the volume that a container has at ``path``.

        Raises:
            Gone: the container is not there any more.
        """
        described = self.container(container)
        for mount in described["Mounts"] if described else ():
            if mount["Destination"] == path:
                return str(mount["Name"])
        raise Gone(f"{self._shown(container).capitalize()} has no volume at {path}.", _NOT_FOUND)

    def labelled(self, labels: Mapping[str, str]) -> list[str]:
        """Return the ids of all containers, running or not, that have these labels."""
        wanted = [f"{label}={value}" for label, value in labels.items()]
        with self._call("listing containers"):
            found = self._client.containers(all=True, filters={"label": wanted})
            return [str(described["Id"]) for described in found]

    def image(self, reference: str) -> dict[str, Any] | None:
        """Describe an image, None where the engine does not have it."""
        with self._call(f"looking at image {reference}"), _none_if_missing():
            described: dict[str, Any] = self._client.inspect_image(reference)
            return described
        return None

    def has_network(self, name: str) -> bool:
        """Whether the engine has a network of exactly this name."""
        with self._call(f"looking at network {name}"), _none_if_missing():
            return bool(self._client.inspect_network(name)["Name"] == name)
        return False

    def pull(self, image: Image, login: RegistryLogin | None, deadline: Deadline) -> None:
        """Pull an image, with this login or none: what this machine's client is logged in to is not used."""
        auth = {"username": login.username, "password": login.password} if login else {}
        tag = image.digest or image.tag
        with self._call(f"pulling {image.text}", deadline.left):
            try:
                for event in self._client.pull(image.repository, tag, stream=True, decode=True, auth_config=auth):
                    _check_pull(event, image, deadline)
            except DockerException as error:
                raise Refused(f"image: pulling {image.text} failed: {_explained(error)}.", 0) from error

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """Create a container and return its id.

        Raises:
            NameTaken: there is one of this name, or was when Docker looked. Podman only says that it failed.
        """
        try:
            with self._call(f"creating container {name}"):
                container = str(self._client.create_container_from_config(body, name)["Id"])
        except Refused as refused:
            if refused.status == _CONFLICT or self.container(name):
                raise NameTaken(str(refused), refused.status) from refused
            raise
        self._names[container] = name
        return container

    def put(self, container: str, path: str, chunks: Iterable[bytes], deadline: Deadline) -> None:
        """Unpack a tar in a container's folder."""
        with self._call(f"sending the tree to {self._shown(container)}", deadline.left):
            self._client.put_archive(container, path, _until(deadline, chunks, self._shown(container)))

    def read(self, container: str, path: str) -> str:
        """Return the text of a file in a container, ``""`` where there is none.

        Raises:
            Failure: it is something else than a file, or a vast one.
        """
        found = self.stat(container, path)
        target = path
        if found and found.is_link:  # the engine looks for it within the container
            target = found.target
            found = self.stat(container, target)
        if not found:
            return ""
        if not found.is_file:
            raise Failure(f"image: its {path} is not a file.")
        with self._call(f"reading {path} in {self._shown(container)}"), _none_if_missing():
            chunks, _stat = self._client.get_archive(container, target)
            with contextlib.closing(chunks), tarfile.open(fileobj=BytesIO(_taken(chunks, path))) as tar:
                member = tar.next()
                file = tar.extractfile(member) if member and member.isreg() else None
                return file.read().decode("utf-8", "replace") if file else ""
        return ""

    def stat(self, container: str, path: str) -> Stat | None:
        """Describe what is at a path in a container, a link itself, without reading it; None where there is nothing."""
        url = f"{self._client.base_url}/v{self._client.api_version}/containers/{container}/archive"
        with self._call(f"looking at {path} in {self._shown(container)}"), _none_if_missing():
            answer = self._client.head(url, params={"path": path}, timeout=_CALL_SECONDS)
            self._client._raise_for_status(answer)  # noqa: SLF001 -- the SDK has no call for this
            described = decode_json_header(answer.headers["X-Docker-Container-Path-Stat"])
            return Stat(described["mode"], described["linkTarget"])
        return None

    def has_path(self, container: str, path: str) -> bool:
        """Whether there is something at a path in a container."""
        with self._call(f"looking at {path} in {self._shown(container)}"), _none_if_missing():
            chunks, _stat = self._client.get_archive(container, path)
            chunks.close()
            return True
        return False

    def attach(self, container: str) -> contextlib.closing[Attached]:
        """Follow a container's output from now on."""
        with self._call(f"attaching to {self._shown(container)}"):
            # The SDK gives a TLS socket, or a file over a plain one.
            raw = self._client.attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1})
            connection = raw if hasattr(raw, "recv") else socket.socket(fileno=os.dup(raw.fileno()))
            return contextlib.closing(Attached(connection, raw._response))  # noqa: SLF001 -- nothing else closes it

    def log(self, container: str, *, stdout: bool) -> Iterator[bytes]:
        """Yield what the engine's log still has of one of a container's streams."""
        with self._call(f"reading the log of {self._shown(container)}"):
            yield from self._client.logs(container, stdout=stdout, stderr=not stdout, stream=True, follow=False)

    def start(self, container: str) -> None:
        """Start a container."""
        with self._call(f"starting {self._shown(container)}"):
            self._client.start(container)

    def wait(self, container: str, seconds: float) -> bool:
        """Wait for a container to end, and return whether it did in time. One that is gone has ended."""
        with self._call(f"waiting for {self._shown(container)}"), _none_if_missing():
            with contextlib.suppress(ReadTimeout):
                self._client.wait(container, timeout=max(seconds, _POLL_SECONDS))
                return True
            return False
        return True

    def kill(self, container: str) -> None:
        """Send SIGKILL; a container that has ended or gone is none the worse."""
        with self._call(f"killing {self._shown(container)}"):
            try:
                self._client.kill(container, "SIGKILL")
            except APIError as error:
                if error.status_code not in (_NOT_FOUND, _CONFLICT):
                    raise

    def remove(self, container: str) -> None:
        """Kill and remove a container with its anonymous volumes, and return when it is gone.

        Raises:
            Failure: it is still there after a minute; the sentence names it.
        """
        deadline = Deadline(_REMOVAL_SECONDS)
        while not self._is_removed(container, last=deadline.passed):
            time.sleep(_POLL_SECONDS)

    def _is_removed(self, container: str, *, last: bool) -> bool:
        """Remove a container, and return whether it is gone; what the engine has against it counts if ``last``."""
        with self._call(f"removing {self._shown(container)}"):
            try:
                self._client.remove_container(container, v=True, force=True)
            except APIError as error:
                # Somebody else is removing it, or its files are busy for a moment longer.
                if last and not _is_missing(error):
                    raise
                return _is_missing(error)
        return True

    def _shown(self, container: str) -> str:
        """Return what to call a container whose id, or name, this is."""
        return f"container {self._names.get(container, container)}"

    @contextlib.contextmanager
    def _call(self, what: str, seconds: float = _CALL_SECONDS) -> Iterator[None]:
        """Bound the SDK's calls in the body, and turn its errors into sentences that say ``what`` failed."""
        self._client.timeout = max(seconds, _POLL_SECONDS)
        try:
            yield
        except APIError as error:
            kind = Gone if _is_missing(error) else Refused
            raise kind(f"The engine failed at {what}: {_explained(error)}.", error.status_code or 0) from error
        except (ReadTimeout, ReadTimeoutError) as error:
            raise TooSlow(f"The engine at {self._address} did not answer in time when {what}.") from error
        except (RequestException, TransportError, DockerException, OSError) as error:
            raise Unreachable(f"The connection to the engine at {self._address} failed when {what}.") from error


@contextlib.contextmanager
def connect(address: str, tls: Tls | None) -> Iterator[Engine]:
    """Yield the engine at ``address``; where that is empty at ``DOCKER_HOST``, or at the first usual socket there is.

    Raises:
        Failure: there is none, or it does not answer.
    """
    check_library("docker", "6.0.0", version="" if _MISSING else docker.__version__, error=_MISSING)
    address = address or os.environ.get("DOCKER_HOST", "") or _usual_socket()
    check_address(address, tls=bool(tls))
    settings = _tls_settings(tls)
    try:
        with _client(address, settings, _OLDEST_VERSION) as greeter:
            answer = greeter.get(f"{greeter.base_url}/_ping", timeout=_CALL_SECONDS)
    except InvalidURL as error:
        # Of the address there is no doubt any more; from requests 2.32 on, older ones do not get through to a socket.
        check_library("docker", "7.1.0", version=docker.__version__)
        raise _no_answer(address, diagnosis.of_error(error, address, tls=bool(tls))) from error
    except (RequestException, DockerException, ValueError) as error:
        raise _no_answer(address, diagnosis.of_error(error, address, tls=bool(tls))) from error
    if unfit := diagnosis.of_answer(answer.status_code, answer.headers, answer.text):
        raise _no_answer(address, unfit)
    dialect = PODMAN if "Libpod-Api-Version" in answer.headers else DOCKER
    with _client(address, settings, answer.headers["Api-Version"]) as client:
        yield Engine(client, address, dialect)


def _no_answer(address: str, why: str) -> Unreachable:
    return Unreachable(f"docker_host: no engine answers at {address}: {why}.")


@contextlib.contextmanager
def _client(address: str, tls: TLSConfig | None, version: str) -> Iterator[APIClient]:
    with _no_client_configuration():
        client = APIClient(base_url=address, version=version, tls=tls or False)
    client.trust_env = False
    with client:
        yield client


@contextlib.contextmanager
def _no_client_configuration() -> Iterator[None]:
    """Keep the SDK from ``config.json``, which it reads whenever a client is made, wherever it would look for it."""
    hidden = {name: os.environ.pop(name, None) for name in ("DOCKER_CONFIG", "HOME")}
    os.environ["HOME"] = os.devnull
    try:
        yield
    finally:
        del os.environ["HOME"]
        os.environ.update({name: value for name, value in hidden.items() if value is not None})


def _usual_socket() -> str:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for place in _USUAL_SOCKETS:
        path = Path(place.format(runtime=runtime))
        with contextlib.suppress(OSError):  # as in a folder that is not for this user
            if stat.S_ISSOCK(path.stat().st_mode):
                return f"unix://{path}"
    raise Unreachable("docker_host: there is no engine at any of the usual sockets; set it, or DOCKER_HOST.")


def _tls_settings(tls: Tls | None) -> TLSConfig | None:
    if tls is None:
        return None
    for option, path in vars(tls).items():
        _trust(f"tls_{option}", path)
    pair = (tls.client_cert, tls.client_key) if tls.client_cert and tls.client_key else None
    try:
        return TLSConfig(client_cert=pair, ca_cert=tls.ca_cert, verify=True)
    except DockerException as error:
        raise Failure(f"tls_ca_cert, tls_client_cert, tls_client_key: {_explained(error)}.") from error


def _trust(option: str, path: str | None) -> None:
    if path:
        with trusted_file(Path(path), option):
            pass


@contextlib.contextmanager
def _none_if_missing() -> Iterator[None]:
    """Let what is not there end the body quietly."""
    try:
        yield
    except APIError as error:
        if not _is_missing(error):
            raise


def _is_missing(error: APIError) -> bool:
    """Whether something is not there; of a container that goes while it is looked at Podman says so in words only."""
    return isinstance(error, NotFound) or "no such container" in _explained(error)


def _until(deadline: Deadline, chunks: Iterable[bytes], shown: str) -> Iterator[bytes]:
    """Yield the chunks, small ones put together, for as long as there is time."""
    gathered = bytearray()
    for chunk in chunks:
        if deadline.passed:
            raise TooSlow(f"Sending the tree to {shown} took longer than timeout allows.")
        gathered += chunk
        if len(gathered) >= _CHUNK:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _taken(chunks: Iterable[bytes], path: str) -> bytes:
    """Return a small file's tar."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > _LARGEST_FILE:
            raise Failure(f"image: its {path} has more than {_LARGEST_FILE} bytes.")
    return bytes(content)


def _check_pull(event: Mapping[str, str], image: Image, deadline: Deadline) -> None:
    if "error" in event:
        raise DockerException(event["error"])
    if deadline.passed:
        raise TooSlow(f"image: pulling {image.text} took longer than timeout allows.")


def _explained(error: DockerException) -> str:
    """Return an engine's reason on one line without a full stop; Podman's can be long between its two ends."""
    words = escaped(" ".join(str(getattr(error, "explanation", None) or error).split())).rstrip(".")
    return words if len(words) <= 2 * _WORDS else f"{words[:_WORDS]} [...] {words[-_WORDS:]}"
