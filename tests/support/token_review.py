# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for the TokenReview API of Kubernetes, as no cluster runs here.

It knows the tokens that it was told of, and answers as the API server does: who a token is of, and for whom.
Protocol: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
"""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"


class TokenReview:
    """The API, and what it has been asked.

    Attributes:
        known: the service account's name, its namespace and its audiences by each token that is alive.
        asked: the audiences of each review.
        reviewer: the token that whoever asks has to bear.
    """

    reviewer = "reviewer-of-test"

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, str, list[str]]] = {}
        self.asked: list[list[str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def address(self) -> str:
        """What a server is given as ``kubernetes_host``."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def review(self, spec: dict[str, Any]) -> dict[str, object]:
        """Return the status of a review of what is in ``spec``."""
        wanted = spec.get("audiences") or []
        self.asked.append(wanted)
        name, namespace, audiences = self.known.get(spec["token"], ("", "", []))
        fitting = [audience for audience in audiences if audience in wanted or not wanted]
        if not fitting:
            return {"authenticated": False, "error": "invalid bearer token"}
        username = f"system:serviceaccount:{namespace}:{name}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
        user = {"username": username, "uid": f"uid-of-{name}", "groups": groups}
        return {"authenticated": True, "user": user, "audiences": fitting}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                allowed = self.path == PATH and self.headers["Authorization"] == f"Bearer {api.reviewer}"
                answer = {**body, "status": api.review(body["spec"])} if allowed else {"kind": "Status", "code": 401}
                content = json.dumps(answer).encode()
                self.send_response(201 if allowed else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: object) -> None:
                """Keep the test's output quiet."""

        return Handler


@contextlib.contextmanager
def reviewing() -> Iterator[TokenReview]:
    """Yield the API as long as the body runs."""
    api = TokenReview()
    thread = threading.Thread(target=api.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api
    finally:
        api.server.shutdown()
        api.server.server_close()
        thread.join()
