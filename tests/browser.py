"""A real browser for tests of pages, and what is asked of a page there: scripts that run in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

#: Elements that stick out of the window and cannot be scrolled to: the page's own width, and each one's name and place.
STICKING_OUT = """() => {
  const scrolls = (e) =>
    e !== document.body && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
  const named = (e) => `${e.tagName} ${e.className.baseVal ?? e.className}`;
  const out = [...document.body.querySelectorAll("*")].filter((e) => {
    const { left, right, width } = e.getBoundingClientRect();
    const outside = width && (right > innerWidth + 0.5 || left < -0.5);
    return outside && !e.matches(".skip") && !scrolls(e.parentElement);
  });
  return { width: document.documentElement.scrollWidth, out: out.map(named) };
}"""

#: Texts that are harder to read than WCAG 2 AA allows, with their contrast; drawings have colours of their own.
PALE = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    const [r, g, b, a = 1] = e ? parts(getComputedStyle(e).backgroundColor) : [255, 255, 255];
    return a === 1 ? [r, g, b] : behind(e.parentElement);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const speaks = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const texts = [...document.body.querySelectorAll("*:not(svg, svg *, script)")]
    .filter((e) => speaks(e) && e.checkVisibility());
  const found = texts.map((e) => {
    const [light, dark] = [parts(getComputedStyle(e).color), behind(e)].map(luminance).sort((a, b) => b - a);
    return [e.textContent.trim().slice(0, 30), (light + 0.05) / (dark + 0.05)];
  });
  return { texts: texts.length, pale: found.filter(([, contrast]) => contrast < 4.5) };
}"""


@contextmanager
def launched() -> Iterator:
    """Give a headless browser; the test is skipped where there is none."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install -e '.[test]'"
    )
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser on PATH ({', '.join(NAMES)})")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@contextmanager
def opened(browser, path: Path, **options) -> Iterator:
    """Give a page that was opened from disk without a network; in the end nothing may have gone wrong in it."""
    context = browser.new_context(**options)
    context.set_offline(True)
    page, wrong, asked = context.new_page(), [], []
    page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url[:80]}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert wrong == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    context.close()
