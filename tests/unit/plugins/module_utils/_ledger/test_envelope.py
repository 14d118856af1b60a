# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One document has one encoding, and nothing else is read."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._ledger import envelope
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope, canonical, open_line, parse

SEALED = Envelope(b'{"a":1}', "SHA256:x", b"SSHSIG")
LINE = SEALED.line()


def test_pre_authentication_is_that_of_the_specification() -> None:
    assert SEALED.signed == b'DSSEv1 28 application/vnd.in-toto+json 7 {"a":1}'


def test_line_is_read_as_it_was_written() -> None:
    assert open_line(LINE) == SEALED
    assert json.loads(LINE)["payloadType"] == "application/vnd.in-toto+json"


def test_line_that_nobody_has_signed_says_so() -> None:
    unsigned = Envelope(SEALED.payload, "", b"")
    assert json.loads(unsigned.line())["signatures"] == []
    assert open_line(unsigned.line()) == unsigned


def changed(**fields: object) -> bytes:
    return canonical({**json.loads(LINE), **fields})


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(LINE + b" ", id="space-behind"),
        pytest.param(LINE.replace(b":", b": ", 1), id="space-within"),
        pytest.param(LINE.replace(b'{"payload"', b'{"payload":"","payload"'), id="key-twice"),
        pytest.param(json.dumps(dict(reversed(json.loads(LINE).items()))).encode(), id="other-order"),
        pytest.param(LINE.replace(b"SHA256:x", b"SHA256:\\u0078"), id="escaped"),
        pytest.param(LINE.replace(b"SHA256:x", b"SHA256:\xff"), id="no-utf-8"),
        pytest.param(changed(more=1), id="more"),
        pytest.param(changed(payloadType="text/plain"), id="other-type"),
        pytest.param(changed(payload=base64.b64encode(b"x").decode().rstrip("=")), id="base64-unpadded"),
        pytest.param(changed(payload="eA=A"), id="base64-wrong"),
        pytest.param(changed(payload="eB=="), id="base64-of-two-encodings"),
        pytest.param(changed(payload=1), id="number"),
        pytest.param(changed(signatures={}), id="unsigned-otherwise"),
        pytest.param(changed(signatures=None), id="no-list"),
        pytest.param(changed(signatures=[{"keyid": "", "sig": ""}]), id="empty-signature"),
        pytest.param(changed(signatures=[{"keyid": "", "sig": "eA=="}]), id="signed-by-nobody"),
        pytest.param(changed(signatures=json.loads(LINE)["signatures"] * 2), id="two-signatures"),
        pytest.param(changed(signatures=[{"keyid": 1, "sig": ""}]), id="no-keyid"),
        pytest.param(b"[" * 30000, id="deep"),
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(LINE.replace(b"SHA256:x", b"x" * envelope.LONGEST), id="long"),
    ],
)
def test_any_other_encoding_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it is "):
        open_line(line)


@pytest.mark.parametrize("text", ["1.0", '1,"a":2', "1e3", "NaN", "-Infinity", '"\\ud800"', "9" * 5000])
def test_what_has_no_one_encoding_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        parse(f'{{"a":{text}}}'.encode())
