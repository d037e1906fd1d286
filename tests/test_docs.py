"""The pages of docs: each is led to from the README, and what they link to is there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PAGES = [REPOSITORY / "README.md", REPOSITORY / "dictionaries" / "README.md", *sorted(REPOSITORY.glob("docs/*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """The files that a page links to, and the sections in them."""
    text = FENCED.sub("", page.read_text())
    return [((page.parent / file).resolve() if file else page, section) for file, section in LINK.findall(text)]


def sections(page: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_what_a_page_links_to_is_there(page):
    for file, section in links(page):
        assert file.exists(), f"{page.name} links to {file}"
        assert not section or section in sections(file), f"{page.name} links to {file.name}#{section}"


def test_the_readme_leads_to_every_page():
    linked = {file for file, _ in links(REPOSITORY / "README.md")}
    assert set(REPOSITORY.glob("docs/*.md")) <= linked
