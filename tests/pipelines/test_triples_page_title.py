import time

import pytest

from pipelines.triples.page_title import page_title


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title>Salt &amp; pepper  \n mills</title>", "Salt & pepper mills"),
        ("<html><head><title>Red kites over &#8220;the&#8221; hill", 'Red kites over “the” hill'),
        ('<meta property="og:title" content="A red boat"><title>Site</title>', "A red boat"),
        ('<meta property="og:title" content=""><title>A red boat</title>', "A red boat"),
        ('<meta property="og:site_name" content="Harbour"><title>A red boat | Harbour</title>', "A red boat"),
        ("<svg><title>icon</title></svg><title>A red boat</title>", "A red boat"),
        ("<!-- <title>no</title> --><title>A red boat</title>", "A red boat"),
        ("<script>var t='<title>no</title>'</script><title>A red boat</title>", "A red boat"),
        ("<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>", "<script>alert(1)</script>"),
        ('<meta charset="iso-8859-1"><title>Café rouge</title>'.encode("latin-1"), "Café rouge"),
        ('<meta charset="shift_jis"><title>赤い家</title>'.encode("shift_jis"), "赤い家"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=gb2312"><title>红房子</title>'.encode("gb2312"),
         "红房子"),
        (b"\xff\xfe" + "<title>A red boat</title>".encode("utf-16-le"), "A red boat"),
        (b'<meta charset="zlib"><title>A red boat</title>', "A red boat"),
        (b'<meta charset="idna"><title>A red boat \xff</title>', None),
        (b'<meta charset="nonsense"><title>A red boat</title>', "A red boat"),
    ],
)  # fmt: skip
def test_the_title_of_a_page(page, title):
    assert page_title(page) == title


@pytest.mark.parametrize(
    "page",
    [
        "", "no html at all", "<title></title>", "<title> \n </title>", "<title>Untitled Document</title>",
        "<title>Startseite</title>", "<title>404 Not Found</title>", "<title>IMG_2041.JPG</title>",
        "<title>www.example.com</title>", "<title>--- | ---</title>", b"\x00\xff\xfe\xfd" * 100,
        b"<title>caf\xe9</title>",  # neither UTF-8 nor stated to be anything else
    ],
)  # fmt: skip
def test_a_page_without_a_title_that_says_anything(page):
    assert page_title(page) is None


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 1_000_000 + "<title>deep</title>",
        "".join(f"<b a={number}>" for number in range(700)) + "<p>" * 500_000,
        "<title>" + "x" * 50_000_000,
        "<" * 10_000_000,
    ],
)
def test_a_hostile_page_takes_no_time(page):
    start = time.monotonic()
    title = page_title(page)
    assert time.monotonic() - start < 5
    assert title is None or len(title) <= 300


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<a " + " ".join(f"a{n}=1" for n in range(100_000)) + "><title>A red boat</title>", "A red boat"),
        (("<p " + " ".join(f"a{n}" for n in range(400)) + ">") * 300 + "<title>A red boat</title>", "A red boat"),
        ("<title>A red bo\u0300t" + "\u0316" * 400_000 + "</title>", None),
    ],
    ids=["attributes", "many attributes in many tags", "combining marks"],
)
def test_pages_made_to_take_long_do_not(page, title):
    start = time.monotonic()
    found = page_title(page)
    assert time.monotonic() - start < 5
    assert found == title or (title is None and found.startswith("A red b"))
