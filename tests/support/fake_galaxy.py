# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fake of Galaxy that has one collection, this one: Galaxy has what was released, and tests are of the sources.

It answers what ``ansible-galaxy collection install`` asks of version 3 of Galaxy's API.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INDEX = "/api/v3/plugin/ansible/content/published/collections/index/flant/gitops"


@contextlib.contextmanager
def served(tarball: Path) -> Iterator[str]:
    """Yield the URL of a Galaxy that has the tarball, named as ``ansible-galaxy collection build`` names it."""
    version = tarball.name.removeprefix("flant-gitops-").removesuffix(".tar.gz")
    content = tarball.read_bytes()

    class Galaxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"http://127.0.0.1:{self.server.server_address[1]}"
            answers: dict[str, Any] = {
                "/api/": {"available_versions": {"v3": "v3/"}},
                f"{_INDEX}/": {"highest_version": {"version": version}},
                f"{_INDEX}/versions/": {"meta": {"count": 1}, "links": {"next": None}, "data": [{"version": version}]},
                f"{_INDEX}/versions/{version}/": {
                    "namespace": {"name": "flant"},
                    "collection": {"name": "gitops"},
                    "version": version,
                    "download_url": f"{url}/{tarball.name}",
                    "artifact": {"sha256": hashlib.sha256(content).hexdigest()},
                    "metadata": {"dependencies": {}},
                    "signatures": [],
                    "href": f"{_INDEX}/versions/{version}/",
                },
            }
            path = self.path.partition("?")[0].replace("/api/v3/collections/flant/gitops", _INDEX)
            if path == f"/{tarball.name}":
                self._answer(200, content)
            elif path in answers:
                self._answer(200, json.dumps(answers[path]).encode())
            else:
                self._answer(404, b"{}")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Galaxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/"
    finally:
        server.shutdown()
        server.server_close()
