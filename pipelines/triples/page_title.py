"""Step 4: a triple's context, the title of the page on which its picture stands."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from pipelines.triples.text import folded, normalise

_READ = 1 << 20  # characters of a page that are read; its title is in its head
_TAGS = 1_500  # tags of a page that are read: HTML's rules take quadratic time for tags nested in tags
_LONGEST_TAG = 2_048  # characters of a tag that is read: its attributes, too, take quadratic time
_LONGEST = 300  # characters of a title that are kept
_SEPARATORS = " |-–—·:»/"
_BOILERPLATE = frozenset(
    """untitled|untitled document|untitled page|no title|title|page title|document|home|homepage|home page|index|
    welcome|main page|loading|loading...|just a moment...|please wait...|attention required!|access denied|forbidden|
    403 forbidden|404|404 not found|page not found|not found|error|error 404|500 internal server error|
    internal server error|bad gateway|502 bad gateway|service unavailable|503 service unavailable|site maintenance|
    are you a robot?|image|images|photo|photos|picture|gallery|blog|log in|login|sign in|new tab|test|my site|
    startseite|unbenannt|unbenanntes dokument|ohne titel|willkommen|seite nicht gefunden|bilder|
    accueil|sans titre|document sans titre|page d'accueil|bienvenue|page non trouvée|page introuvable|
    início|inicio|página inicial|sem título|bem-vindo|página não encontrada|
    página principal|página de inicio|sin título|documento sin título|bienvenido|bienvenidos|página no encontrada|
    pagina iniziale|senza titolo|documento senza titolo|benvenuto|benvenuti|pagina non trovata|
    無題|無題ドキュメント|ホーム|トップページ|ようこそ|ページが見つかりません|
    无标题|无标题文档|首页|主页|欢迎|页面未找到|找不到页面""".replace("\n    ", "").split("|")
)
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_MEANS_WINDOWS = ("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii")  # as browsers read them
_FILE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".html", ".htm", ".php", ".asp", ".pdf")


def page_title(page: str | bytes) -> str | None:
    """The title of a page: og:title, else its title element; None where neither says anything.

    Args:
        page: HTML, whole or cut off, as text or in whatever encoding it states.
    """
    pieces = _decoded(page)[:_READ].split("<", _TAGS)[:_TAGS]
    text = "<".join(piece for piece in pieces if len(piece.partition(">")[0]) <= _LONGEST_TAG)
    tree = LexborHTMLParser(text.encode("utf-8", "replace"))
    site = folded(normalise(_meta(tree, "og:site_name")))
    return next(filter(None, (usable_title(_without_site(title, site)) for title in _titles(tree))), None)


def usable_title(title: str) -> str | None:
    """A title in normalised form; None for one that is empty, boilerplate, or the name of a file or a site."""
    title = normalise(title)[:_LONGEST].strip()
    key = folded(title)
    if not any(character.isalpha() for character in title) or key in _BOILERPLATE or "\N{REPLACEMENT CHARACTER}" in key:
        return None
    if " " not in key and (key.endswith(_FILE_ENDINGS) or key.startswith(("http://", "https://", "www."))):
        return None
    return title


def _titles(tree: LexborHTMLParser) -> Iterator[str]:
    yield _meta(tree, "og:title")
    for node in tree.css("title"):
        if node.parent is None or node.parent.tag != "svg":  # a drawing's title is not the page's
            yield node.text()


def _meta(tree: LexborHTMLParser, name: str) -> str:
    node = tree.css_first(f'meta[property="{name}"], meta[name="{name}"]')
    return (node.attributes.get("content") or "") if node else ""


def _without_site(title: str, folded_site: str) -> str:
    """Takes the name of the site, which og:site_name states, off the end: "A red boat - Harbour News"."""
    title = normalise(title)
    if folded_site and folded(title).endswith(folded_site) and len(folded(title)) == len(title):
        rest = title[: len(title) - len(folded_site)]
        if rest.rstrip(_SEPARATORS) and rest[-1:] in _SEPARATORS:
            return rest.rstrip(_SEPARATORS)
    return title


def _decoded(page: str | bytes) -> str:
    if isinstance(page, str):
        return page
    marked = next((encoding for mark, encoding in _MARKS.items() if page.startswith(mark)), None)
    return page[: 4 * _READ].decode(marked or _stated_encoding(page), "replace")


def _stated_encoding(page: bytes) -> str:
    """The encoding that a page's head states; UTF-8 where it states none that is known."""
    tree = LexborHTMLParser(page[:4096].decode("latin-1"))
    node = tree.css_first("meta[charset]")
    stated = (node.attributes.get("charset") if node else None) or ""
    for node in tree.css("meta[http-equiv][content]"):
        stated = stated or (node.attributes.get("content") or "").lower().partition("charset=")[2]
    name = stated.strip(" \"';").lower()
    try:
        b"\xff".decode(name, "replace")  # also refuses codecs that are no text encodings, such as zlib, and idna
    except (LookupError, ValueError):
        return "utf-8"
    return "cp1252" if name in _MEANS_WINDOWS else name
