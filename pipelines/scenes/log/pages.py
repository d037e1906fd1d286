"""Pages on which pictures stand, as well and as badly made as pages are."""

from __future__ import annotations

import html
from collections.abc import Callable
from random import Random

_BOILERPLATE = (
    "Home",
    "untitled",
    "Untitled Document",
    "404 Not Found",
    "index",
    "Startseite",
    "Accueil",
    "無題",
    "首页",
)
_BODY = "<body><nav><a href='/'>&laquo;</a></nav><img src='picture.jpg' alt=''><p>&copy; &nbsp;</p></body>"


def _page(head: str, lang: str, charset: str = '<meta charset="utf-8">') -> str:
    return f'<!doctype html><html lang="{lang}"><head>{charset}{head}</head>{_BODY}</html>'


def _title(title: str, lang: str, draw: Random) -> str:
    return _page(f"<title>{html.escape(title)}</title>", lang)


def _og_title(title: str, lang: str, draw: Random) -> str:
    return _page(
        f'<title>{draw.choice(_BOILERPLATE)}</title><meta property="og:title" content="{html.escape(title)}">', lang
    )


def _entities(title: str, lang: str, draw: Random) -> str:
    coded = "".join(letter if letter.isalpha() and letter.isascii() else f"&#{ord(letter)};" for letter in title)
    return _page(f"<title>{coded}&nbsp;</title>", lang)


def _boilerplate(title: str, lang: str, draw: Random) -> str:
    return _page(f"<title>{draw.choice(_BOILERPLATE)}</title>", lang)


def _empty(title: str, lang: str, draw: Random) -> str:
    return _page(draw.choice(("<title></title>", "<title> &nbsp; </title>", "")), lang)


def _broken(title: str, lang: str, draw: Random) -> str:
    return (
        f"<HTML></div><TITLE>{html.escape(title)}</TITLE\n><body><p><b>&copy <i></b></p><table><td><img src=picture.jpg"
    )


def _latin_1(title: str, lang: str, draw: Random) -> str:
    """States an encoding that it is not in; a log has its pages decoded already."""
    stated = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'
    return _page(f"<title>{html.escape(title)}</title>", lang, stated)


KINDS: dict[str, Callable[[str, str, Random], str]] = {
    "title": _title, "og_title": _og_title, "entities": _entities, "boilerplate": _boilerplate, "empty": _empty,
    "broken": _broken, "latin_1": _latin_1,
}  # fmt: skip
_WEIGHTS = {"title": 34, "og_title": 22, "entities": 10, "boilerplate": 10, "empty": 8, "broken": 8, "latin_1": 8}


def page(title: str, lang: str, draw: Random) -> str:
    """A page's HTML, in which its title may be anywhere or nowhere."""
    (kind,) = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    return KINDS[kind](title, lang, draw)
