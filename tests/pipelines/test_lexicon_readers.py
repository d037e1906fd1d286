import gzip
import math

import pytest
from code_switching import dictionaries, make_lexicon

from contract.codeswitching.keys import lookup_key
from contract.errors import InputError
from pipelines.lexicon.files import find_dictionaries, standard_tag
from pipelines.lexicon.readers import reader_of

TEI = """<?xml version="1.0"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body>
<entry><form><orth>score (twenty)</orth></form><sense><def>korija</def></sense></entry>
<entry><form><orth>dog</orth><orth>hound</orth></form>
  <sense><cit type="trans"><quote>mbwa</quote></cit><cit type="example"><quote>no</quote></cit>
  <def>no</def></sense></entry>
<entry><form><orth>empty</orth></form></entry>
</body></text></TEI>"""


def pairs(folder, name):
    path = folder / name
    return [tuple(item)[1:4] if isinstance(item, tuple) else item.message for item in reader_of(path)(path)]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("en_de__txt", "dog hund\ndog\thund des hauses\n", [("dog", "hund", ""), ("dog", "hund des hauses", "")]),
        ("en_de__tsv__gz", "hot dog\twürstchen\n", [("hot dog", "würstchen", "")]),
        ("en_de__dict", "Hund @ dog\nheißer Hund @ hot dog\n", [("dog", "Hund", ""), ("hot dog", "heißer Hund", "")]),
        ("en_de__txt", "Hund @ dog\n", [("dog", "Hund", "")]),
        ("words__csv", 'id,English,lang,Translation\n1,dog,de,"Hund, der"\n', [("dog", "Hund, der", "de")]),
        (
            "export__tsv", "expression\tlanguage\ttranslation\tscore\ndog\tdeu-000\tHund\t9\n",
            [("dog", "Hund", "deu-000")],
        ),
        ("export__txt", "dog\tdeu\tHund\t9\n", [("dog", "Hund", "deu")]),
        (
            "eng_swh__tei", TEI,
            [("score", "korija", ""), ("dog", "mbwa", ""), ("hound", "mbwa", ""), "the entry has no translation"],
        ),
        ("en_de__txt", "a b c\n", ["the line has 3 fields where source and target were expected"]),
        ("en_de__txt", "\ufeffdog hund\r\ncat katze\r\n\r\n", [("dog", "hund", ""), ("cat", "katze", "")]),
        ("en_de__txt", "dog hund\nca\0t katze\n", [("dog", "hund", ""), "the line holds the control character U+0000"]),
    ],
)  # fmt: skip
def test_every_kind_of_dictionary_is_read(tmp_path, name, content, expected):
    folder = dictionaries(tmp_path, **{name: content})
    (file,) = folder.iterdir()
    assert pairs(folder, file.name) == expected


def test_scores_are_read_where_a_column_has_them(tmp_path):
    lines = "dog\tde\tHund\t9\ndog\tde\tKöter\t1.5\ndog\tde\tTöle\t\n"
    bad = "".join(f"dog\tde\tWauwau\t{score}\n" for score in ("0", "-3", "nan", "inf", "1e400", "good"))
    folder = dictionaries(tmp_path, words__tsv=lines + bad)
    items = list(reader_of(folder / "words.tsv")(folder / "words.tsv"))
    assert [item.score for item in items[:3]] == [9.0, 1.5, None]
    assert len(items) == 9 and all(math.isnan(item.score) for item in items[3:])


def test_a_line_without_end_costs_no_memory_and_only_itself(tmp_path):
    path = tmp_path / "en-de.txt.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"dog hund\n")
        for _ in range(64):
            file.write(b"x" * (1 << 20))
        file.write(b"\ncat katze\n")
    assert pairs(tmp_path, path.name) == [
        ("dog", "hund", ""), "the line has more than 10,000 bytes", ("cat", "katze", "")
    ]  # fmt: skip


def test_a_legacy_encoding_is_told_line_by_line(tmp_path):
    folder = dictionaries(tmp_path, en_de__txt="dog hund\nboy jüngling\n".encode("latin-1"))
    first, second = pairs(folder, "en-de.txt")
    assert first == ("dog", "hund", "")
    assert "not UTF-8" in second


@pytest.mark.parametrize(
    ("name", "lang", "swapped"),
    [
        ("en-de.txt", "de", False),
        ("en-de.0-5000.txt.gz", "de", False),
        ("eng-swh.tei.gz", "sw", False),
        ("de-en.txt", "de", True),
        ("en_zh-Hans.tsv", "zh-Hans", False),
    ],
)
def test_the_name_tells_the_language(tmp_path, name, lang, swapped):
    (tmp_path / name).write_bytes(b"x y\n")
    (found,) = find_dictionaries(tmp_path, "*", {}, {})
    assert (found.lang, found.swapped, found.name) == (lang, swapped, name)


def test_readmes_and_other_files_are_no_dictionaries(tmp_path):
    for name in ("README.txt", "LICENSE.txt", "notes.md", "en-de.txt"):
        (tmp_path / name).write_text("x y\n")
    assert [file.name for file in find_dictionaries(tmp_path, "*", {}, {})] == ["en-de.txt"]


@pytest.mark.parametrize("name", ["fr-de.txt", "en-en.txt", "en-qq.txt", "words.tei"])
def test_a_name_that_gives_no_language_is_an_error_that_names_the_file(tmp_path, name):
    (tmp_path / name).write_text("x y\n")
    with pytest.raises(InputError, match=name.split(".")[0]):
        find_dictionaries(tmp_path, "*", {}, {})


def test_the_language_may_be_stated(tmp_path):
    folder = dictionaries(tmp_path / "in", words__txt="dog hund\n")
    with pytest.raises(InputError, match=r"words\.txt does not tell its language"):
        make_lexicon(folder)
    assert [row["lang"] for row in make_lexicon(folder, file_languages={"words*": "deu"}).rows] == ["de"]


def test_language_codes_become_bcp_47():
    assert [standard_tag(tag, "x") for tag in ("deu", "swh", "cmn", "deu-000", "pt-BR")] == [
        "de",
        "sw",
        "zh",
        "de",
        "pt-BR",
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("  Hot   Dog ", "hot dog"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("cafe\u0301", "café"),
        ("man’s", "man's"),
    ],
)
def test_look_up_keys(text, key):
    assert lookup_key(text) == key


def test_links_to_folders_are_followed_and_a_pattern_chooses_by_the_path(tmp_path):
    for name in ("muse", "own"):
        dictionaries(tmp_path / name, en_de__txt="dog hund\n")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "linked").symlink_to(tmp_path / "muse")
    (tmp_path / "raw" / "own").symlink_to(tmp_path / "own")

    def names(pattern):
        return [file.name for file in find_dictionaries(tmp_path / "raw", pattern, {}, {})]

    assert names("*") == ["linked/en-de.txt", "own/en-de.txt"]
    assert names("own/*") == ["own/en-de.txt"]
    with pytest.raises(InputError, match="fits 'none"):
        names("none/*")
