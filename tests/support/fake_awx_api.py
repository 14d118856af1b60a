# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fake of AWX's REST API, because AWX needs PostgreSQL, Redis and a cluster.

It stands for what the modules of awx.awx ask for when they create and delete objects: lists filtered by fields,
creation, change, deletion, association, and secrets that are told nobody. It refuses what AWX is known to refuse
where this collection depends on it: a wrong token, a name that is taken, a field that points to nothing, a playbook
of a project that is not fetched yet unless the project allows it, a recurrence rule without INTERVAL, an injector
that sets ANSIBLE_ variables or uses a field that the type does not have, two credentials of one type, a webhook's
credential of another service. It says so by field. It forgets empty inputs, of which a job gets null. It runs nothing.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "token-of-the-fake"
ENCRYPTED = "$encrypted$"
_DEFAULTS: dict[str, dict[str, Any]] = {
    "organizations": {},
    "projects": {"allow_override": False, "scm_revision": "", "summary_fields": {}, "playbooks": []},
    "credential_types": {"inputs": {}, "injectors": {}},
    "credentials": {"inputs": {}},
    "inventories": {"kind": "", "host_filter": None, "variables": ""},
    "hosts": {"variables": "", "enabled": True},
    "job_templates": {"use_fact_cache": False, "allow_simultaneous": False, "job_slice_count": 1, "extra_vars": ""},
    "execution_environments": {},
    "schedules": {},
}
_LINKS = {
    "organization": "organizations",
    "project": "projects",
    "inventory": "inventories",
    "credential_type": "credential_types",
    "execution_environment": "execution_environments",
}
_UNIFIED = ("projects", "job_templates")
# It takes an INTERVAL of 0, and then plans for ever.
_RRULE = re.compile(
    r"DTSTART(;TZID=[^:]+:\d{8}T\d{6}|:\d{8}T\d{6}Z) RRULE:FREQ=(MINUTE|HOUR|DAI|WEEK|MONTH|YEAR)LY\b.*;INTERVAL=\d+"
)


class RefusedError(Exception):
    """What the API answers 400 to, by the field at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Awx:
    """The objects, by kind and number; names of associated credentials by job template."""

    def __init__(self) -> None:
        self.url = ""
        self.changes = 0
        self._objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in _DEFAULTS}
        self._secrets: dict[int, dict[str, Any]] = {}
        self._associated: dict[tuple[str, int, str], set[int]] = {}
        self._number = 0
        for kind, name in (("organizations", "Default"), ("execution_environments", "our EE")):
            self.create(kind, {"name": name})
        machine = self.create("credential_types", {"name": "Machine"})
        self.create("credentials", {"name": "our key", "credential_type": machine["id"], "inputs": {}})
        token = self.create("credential_types", {"name": "GitHub Token", "namespace": "github_token"})
        self.create("credentials", {"name": "our token", "credential_type": token["id"], "inputs": {}})
        self.changes = 0

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """Return the only object of this kind and name."""
        (found,) = (each for each in self._objects[kind].values() if each["name"] == name)
        return found

    def secrets(self, template: str) -> dict[str, Any]:
        """Return the inputs of a job template's credentials, which the API tells nobody."""
        return {field: value for each in self._of(template) for field, value in self._secrets[each["id"]].items()}

    def injected(self, template: str) -> dict[str, object]:
        """Return the extra variables that a job gets of the template's credentials: AWX fills in each injector."""
        variables = {}
        for credential in self._of(template):
            kind = self._objects["credential_types"][credential["credential_type"]]
            for name, text in kind["injectors"].get("extra_vars", {}).items():
                inputs = self._secrets[credential["id"]]
                variables[name] = re.sub(r"{{\s*(\w+)\s*}}", lambda use: inputs.get(use[1], ""), text) or None  # noqa: B023
        return variables

    def _of(self, template: str) -> list[dict[str, Any]]:
        return self.associated("job_templates", self.named("job_templates", template)["id"], "credentials")

    def credentials(self, template: str) -> set[str]:
        """Return the names of a job template's credentials."""
        return {each["name"] for each in self._of(template)}

    def names(self) -> dict[str, list[str]]:
        return {kind: [each["name"] for each in objects.values()] for kind, objects in self._objects.items()}

    def find(self, kind: str, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        kinds = _UNIFIED if kind == "unified_job_templates" else (kind,)
        found = [each for one in kinds for each in self._objects[one].values()]
        for field, (value,) in query.items():
            if field == "credential_type__namespace":
                found = [each for each in found if self._namespace(each) == value]
                continue
            name, _lookup, how = field.partition("__")
            fits = str.startswith if how else str.__eq__
            found = [each for each in found if name in ("page", "page_size") or fits(str(each.get(name)), value)]
        return found

    def _namespace(self, credential: dict[str, Any]) -> str:
        return str(self._objects["credential_types"][credential["credential_type"]].get("namespace"))

    def create(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        item = {
            "id": self._number,
            "type": kind,
            "url": f"/api/v2/{kind}/{self._number}/",
            "related": {},
            **_DEFAULTS[kind],
        }
        return self._store(kind, item, fields)

    def change(self, kind: str, number: int, fields: dict[str, Any]) -> dict[str, Any]:
        return self._store(kind, self._objects[kind][number], fields)

    def delete(self, kind: str, number: int) -> None:
        del self._objects[kind][number]
        self._secrets.pop(number, None)
        self.changes += 1

    def associated(self, kind: str, number: int, what: str) -> list[dict[str, Any]]:
        return [self._objects[what][each] for each in sorted(self._associated.get((kind, number, what), set()))]

    def associate(self, kind: str, number: int, what: str, fields: dict[str, Any]) -> None:
        numbers = self._associated.setdefault((kind, number, what), set())
        if fields.get("disassociate"):
            numbers.discard(fields["id"])
        else:
            new = self._objects[what][fields["id"]]
            others = [each for each in self.associated(kind, number, what) if each != new]
            if new["credential_type"] in [each["credential_type"] for each in others]:
                raise RefusedError("error", f"Cannot assign multiple {new['credential_type']} credentials.")
            numbers.add(new["id"])
        self.changes += 1

    def _store(self, kind: str, before: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        item = {**before, **fields}
        self._check(kind, item)
        if kind == "credentials":
            inputs = {**self._secrets.get(item["id"], {}), **fields.get("inputs", {})}
            self._secrets[item["id"]] = {name: value for name, value in inputs.items() if value != ""}
            item["inputs"] = dict.fromkeys(self._secrets[item["id"]], ENCRYPTED)
        self._objects[kind][item["id"]] = item
        self.changes += 1
        return item

    def _check(self, kind: str, item: dict[str, Any]) -> None:
        for other in self._objects[kind].values():
            if other["name"] == item["name"] and other["id"] != item["id"]:
                raise RefusedError("name", f"{kind} with this name already exists.")
        for field, target in _LINKS.items():
            if item.get(field) is not None and item[field] not in self._objects[target]:
                raise RefusedError(field, f"Invalid pk {item[field]!r} - object does not exist.")
        if kind == "job_templates":
            project = self._objects["projects"][item["project"]]
            if item["playbook"] not in project["playbooks"] and not project["allow_override"]:
                raise RefusedError("playbook", "Playbook not found for project.")
            token = item.get("webhook_credential")
            if token and self._namespace(self._objects["credentials"][token]) != f"{item['webhook_service']}_token":
                raise RefusedError("webhook_credential", "Must match the selected webhook service.")
        if kind == "schedules" and not _RRULE.match(item["rrule"]):
            raise RefusedError("rrule", f"The rule {item['rrule']!r} is no DTSTART and RRULE with an INTERVAL.")
        if kind == "credential_types":
            _check_injectors(item)


def _check_injectors(item: dict[str, Any]) -> None:
    known = {field["id"] for field in item["inputs"].get("fields", [])}
    for variable in item["injectors"].get("env", {}):
        if variable.startswith("ANSIBLE_"):
            raise RefusedError("injectors", f"Environment variable {variable} is not allowed.")
    for template in item["injectors"].get("extra_vars", {}).values():
        used = re.findall(r"{{\s*(\w+)\s*}}", template)
        if not used or not known.issuperset(used):
            raise RefusedError("injectors", f"{template!r} uses an undefined field.")


class _Handler(BaseHTTPRequestHandler):
    awx: Awx

    def do_GET(self) -> None:
        kind, number, below = self._path()
        if number and below:
            self._answer_list(self.awx.associated(kind, number, below))
        elif number:
            self._answer(200, self.awx.find(kind, {"id": [str(number)]})[0])
        else:
            self._answer_list(self.awx.find(kind, parse_qs(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        kind, number, below = self._path()
        if number and below:
            self._try(204, lambda body: self.awx.associate(kind, number, below, body))
        else:
            self._try(201, lambda body: self.awx.create(kind, body))

    def do_PATCH(self) -> None:
        kind, number, _below = self._path()
        self._try(200, lambda body: self.awx.change(kind, number, body))

    def do_DELETE(self) -> None:
        kind, number, _below = self._path()
        self.awx.delete(kind, number)
        self._answer(204, None)

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""

    def _try(self, status: int, act: Callable[[dict[str, Any]], object]) -> None:
        try:
            self._answer(status, act(self._body()))
        except RefusedError as refused:
            self._answer(400, {refused.field: [str(refused)]})

    def _path(self) -> tuple[str, int, str]:
        kind, number, below = [*urlsplit(self.path).path.removeprefix("/api/v2/").strip("/").split("/"), "", ""][:3]
        return kind, int(number or 0), below

    def _body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer_list(self, found: list[dict[str, Any]]) -> None:
        self._answer(200, {"count": len(found), "next": None, "results": found})

    def _answer(self, status: int, document: object) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, document = 401, {"detail": "Invalid token."}
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def served() -> Iterator[Awx]:
    """Serve a fake on a free port of loopback."""
    awx = Awx()
    handler = type("Handler", (_Handler,), {"awx": awx})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        awx.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield awx
        finally:
            server.shutdown()
