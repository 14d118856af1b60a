# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the documentation's site looks in a real browser, on a desk and on a phone, in light and in dark.

The folder of the built site is what the variable ``DOCS_SITE`` says; it is served over http on the loopback.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.browser import Browser, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = Path(os.environ["DOCS_SITE"])
PAGES = sorted(str(page.relative_to(SITE)) for page in SITE.rglob("*.html"))
WRITTEN = [page for page in PAGES if page != "search.html"]
DRAWINGS = sorted(str(drawing.relative_to(SITE)) for drawing in SITE.rglob("_images/*.svg"))
WINDOWS = {"desk": (1280, 800), "phone": (360, 740)}
SEARCHED = ("backup", "metrics", "proxy", "revert", "rotate", "upgrade")
SECTIONS = ["Start", "Concepts", "Operate", "Reference", "Contribute"]

# What sticks out at the right, unless something in the text, such as the frame of a table, scrolls it.
STICKS_OUT = """
(() => {
  const width = document.documentElement.clientWidth;
  const scrolls = element => element.tagName !== "ARTICLE" && (
    ["auto", "scroll"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const found = [...document.querySelectorAll("article *")]
    .filter(element => element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
    .map(element => `${element.tagName} ${element.textContent.trim().slice(0, 60)}`);
  if (document.documentElement.scrollWidth > width) found.push(`page of ${document.documentElement.scrollWidth}`);
  return found;
})()
"""

MISSING_PICTURES = "[...document.images].filter(each => !each.naturalWidth).map(each => each.src)"

# The text that its ground swallows, by the contrast of WCAG 2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
ILLEGIBLE = """
(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    const [alpha, ...colour] = (([red, green, blue, alpha = 1]) => [alpha, red, green, blue])(
      channels(getComputedStyle(element).backgroundColor));
    if (alpha === 1) return colour;
    const below = element.parentElement ? ground(element.parentElement) : [255, 255, 255];
    return colour.map((value, place) => alpha * value + (1 - alpha) * below[place]);
  };
  const luminance = colour => colour.slice(0, 3)
    .map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const contrast = element => {
    const colours = [channels(getComputedStyle(element).color), ground(element)];
    const [dark, light] = colours.map(luminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  return [...document.querySelectorAll("article *")]
    .filter(element => element.checkVisibility())
    .filter(element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .filter(element => contrast(element) < 3)
    .map(element => `${contrast(element).toFixed(1)} ${element.className} ${element.textContent.trim().slice(0, 60)}`);
})()
"""

# Of a drawing, as a document of its own: texts that stick out, lie upon each other, or are swallowed by their ground.
UNREADABLE = """
(() => {
  const luminance = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const fill = element => getComputedStyle(element).fill;
  const within = (inner, outer) => inner.left >= outer.left && inner.right <= outer.right
    && inner.top >= outer.top && inner.bottom <= outer.bottom;
  const upon = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
    && one.top < other.bottom - 4 && other.top < one.bottom - 4;
  const box = element => element.getBoundingClientRect();
  const texts = [...document.querySelectorAll("text")];
  const grounds = [...document.querySelectorAll("rect.ground, rect.box")];
  const complaint = text => {
    const below = grounds.filter(each => within(box(text), box(each))).pop();
    if (!below) return "sticks out";
    if (texts.some(other => other !== text && upon(box(text), box(other)))) return "lies upon another";
    const [dark, light] = [luminance(fill(text)), luminance(fill(below))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05) < 4.5 ? "cannot be read" : "";
  };
  return texts.map(text => [complaint(text), text.textContent]).filter(each => each[0]);
})()
"""

SEARCH_HAS_ENDED = """
new Promise(ended => {
  const look = () => /Search (Results|finished)/.test(document.getElementById("search-results").textContent)
    ? ended() : setTimeout(look, 50);
  look();
})
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def anchors(browser: Browser, address: str) -> dict[str, set[str]]:
    """Return what of each page can be linked to."""
    found = {}
    for page in PAGES:
        browser.open(address + page)
        found[page] = set(browser.ask("[...document.querySelectorAll('[id]')].map(each => each.id)"))
    return found


def texts(browser: Browser, selector: str) -> list[str]:
    return browser.ask(f"[...document.querySelectorAll({json.dumps(selector)})].map(each => each.textContent)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("page", PAGES)
def test_page_fits_and_can_be_read(browser: Browser, address: str, page: str, window: str, scheme: str) -> None:
    browser.appear(*WINDOWS[window], scheme)
    browser.open(address + page)
    assert browser.ask(STICKS_OUT) == []
    assert browser.ask(MISSING_PICTURES) == []
    assert browser.ask(ILLEGIBLE) == []
    red, green, blue = browser.ask("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (red + green + blue > 3 * 128) == (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS)
def test_words_of_a_drawing_can_be_read(browser: Browser, address: str, drawing: str, scheme: str) -> None:
    browser.appear(*WINDOWS["desk"], scheme)
    browser.open(address + drawing)
    assert browser.ask("document.querySelectorAll('text').length") > 5
    assert browser.ask(UNREADABLE) == []
    red, green, blue = browser.ask(
        "getComputedStyle(document.querySelector('.ground')).fill.match(/\\d+/g).map(Number)"
    )
    assert (red + green + blue > 3 * 128) == (scheme == "light")


@pytest.mark.parametrize("page", PAGES)
def test_each_link_within_the_site_leads_somewhere(
    browser: Browser, address: str, anchors: dict[str, set[str]], page: str
) -> None:
    browser.open(address + page)
    links = browser.ask("[...document.querySelectorAll('a[href]')].map(each => each.href)")
    within = [urllib.parse.unquote(link.removeprefix(address)) for link in links if link.startswith(address)]
    inside = [urllib.parse.urldefrag(link) for link in within]
    assert inside
    assert [link for link in inside if not (SITE / link.url).is_file()] == []
    assert [link for link in inside if link.fragment and link.fragment not in anchors[link.url]] == []


@pytest.mark.parametrize("page", WRITTEN)
def test_first_paragraph_says_who_needs_the_page(browser: Browser, address: str, page: str) -> None:
    browser.open(address + page)
    assert browser.ask("document.querySelector('article h1 ~ p').textContent").startswith("For ")


def test_navigation_has_each_page_once_under_its_section(browser: Browser, address: str) -> None:
    browser.open(f"{address}index.html")
    assert texts(browser, ".sidebar-tree .caption") == SECTIONS
    listed = browser.ask("[...document.querySelectorAll('.sidebar-tree a')].map(each => each.href)")
    assert sorted(listed) == [address + page for page in WRITTEN if page != "index.html"]


def test_reference_begins_with_what_is_run_and_keeps_to_itself_what_is_internal(browser: Browser, address: str) -> None:
    browser.open(f"{address}flant_gitops_role.html")
    first, second, *_rest = texts(browser, "article h2, article h4")
    assert first.startswith("Entry point main ")
    assert second.startswith("What runs")
    assert not any(word in page for page in PAGES for word in ("_filter", "fleet_status", "remember"))


@pytest.mark.parametrize("word", SEARCHED)
def test_search_finds(browser: Browser, address: str, word: str) -> None:
    browser.open(f"{address}search.html?q={word}")
    browser.ask(SEARCH_HAS_ENDED)
    assert texts(browser, "#search-results ul.search li a"), f"no page has the word {word}"
