"""Files of the repository that pages link to, such as measured results and studies, are part of the site.

In the repository a link from `docs/index.md` to `../results/quality.md` works as it stands. MkDocs knows only what lies
in `docs/`, so these hooks add what is linked and let the links lead there.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
#: Where the links to other files stand in Markdown.
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def place(src_uri: str, added: bool) -> str:
    """Return where a page lies in the repository; what was added lies outside `docs/`."""
    return src_uri if added else f"docs/{src_uri}"


def leads_to(link: str, page: str) -> str:
    """Return the path in the repository to which a link leads from the page at a path in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def linked(page: str, known: frozenset[str] = frozenset()) -> set[str]:
    """Return the files outside `docs/` that a page leads to, and those that these lead to, but for those `known`."""
    targets = {leads_to(link, page) for link in LINK.findall((ROOT / page).read_text())}
    found = {path for path in targets - known if not path.startswith("docs/") and (ROOT / path).is_file()}
    for path in sorted(found):
        if path.endswith(".md"):
            found |= linked(path, known | found)
    return found


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add what pages link to outside `docs/` (a hook of MkDocs)."""
    from mkdocs.structure.files import File

    pages: list[File] = [file for file in files if file.is_documentation_page()]
    for path in sorted(set().union(*(linked(place(page.src_uri, added=False)) for page in pages))):
        files.append(File(path, str(ROOT), config["site_dir"], config["use_directory_urls"]))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Let links lead to where their files are in the site (a hook of MkDocs)."""
    here = page.file.src_uri
    at = place(here, added=not (page.file.src_dir or "").startswith(config["docs_dir"]))

    def led(found: re.Match[str]) -> str:
        target = leads_to(found[1], at).removeprefix("docs/")
        return posixpath.relpath(target, posixpath.dirname(here) or ".")

    return LINK.sub(led, markdown)
