import gzip
import random

import pytest
from code_switching import dictionaries, run_lexicon

GOOD = "dog hund\n"
BOMB = """<?xml version="1.0"?><!DOCTYPE TEI [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><TEI><entry><form><orth>&c;</orth></form><sense><def>x</def></sense></entry></TEI>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE TEI [<!ENTITY secret SYSTEM "file://{path}">]>
<TEI><entry><form><orth>dog</orth></form><sense><def>&secret;</def></sense></entry></TEI>"""


def fails(tmp_path, capsys, **files):
    """The message with which the stage refuses a folder; nothing may be written."""
    folder = dictionaries(tmp_path / "in", en_fr__txt=GOOD, **files)
    assert run_lexicon(folder, tmp_path / "out") == 1
    assert not (tmp_path / "out").exists()
    return capsys.readouterr().err


def test_binary_junk(tmp_path, capsys):
    message = fails(tmp_path, capsys, en_de__txt=random.Random(0).randbytes(20_000))
    assert "en-de.txt" in message and "cannot be read" in message and "line 1" in message


def test_an_empty_file(tmp_path, capsys):
    assert "en-de.txt holds no entry" in fails(tmp_path, capsys, en_de__txt="")


def test_a_file_of_blank_lines(tmp_path, capsys):
    assert "en-de.txt holds no entry" in fails(tmp_path, capsys, en_de__txt="\n \n\t\n")


def test_utf_16(tmp_path, capsys):
    assert "en-de.txt" in fails(tmp_path, capsys, en_de__txt="dog hund\ncat katze\n".encode("utf-16"))


def test_a_cut_off_gzip_file(tmp_path, capsys):
    data = gzip.compress(random.Random(0).randbytes(5_000))[:-2_000]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "en-de.txt.gz").write_bytes(data)
    assert "en-de.txt.gz cannot be read" in fails(tmp_path, capsys)


def test_an_xml_bomb(tmp_path, capsys):
    assert "en-de.tei" in fails(tmp_path, capsys, en_de__tei=BOMB)


def test_an_entity_that_reads_another_file(tmp_path, capsys):
    (tmp_path / "secret.txt").write_text("password")
    message = fails(tmp_path, capsys, en_de__tei=OUTSIDE.format(path=tmp_path / "secret.txt"))
    assert "defines entities" in message and "password" not in message


def test_broken_xml(tmp_path, capsys):
    assert "en-de.tei cannot be read as XML" in fails(tmp_path, capsys, en_de__tei="<TEI><entry>")


def test_text_that_calls_itself_xml(tmp_path, capsys):
    assert "en-de.xml cannot be read as XML" in fails(tmp_path, capsys, en_de__xml=GOOD)


def test_columns_without_names(tmp_path, capsys):
    message = fails(tmp_path, capsys, en_de__csv="dog,hund\ncat,katze\n")
    assert "en-de.csv names no columns" in message and "source" in message


def test_the_wrong_number_of_columns(tmp_path, capsys):
    message = fails(tmp_path, capsys, en_de__txt="1 dog hund\n2 cat katze\n")
    assert "2 of 2 lines cannot be read" in message and "3 fields" in message


def test_a_table_that_tells_no_language(tmp_path, capsys):
    message = fails(tmp_path, capsys, words__csv="source,target\ndog,hund\n")
    assert "words.csv does not tell its language" in message and "file_languages" in message


def test_nothing_but_identical_pairs(tmp_path, capsys):
    folder = dictionaries(tmp_path / "in", en_de__txt="hotel Hotel\n")
    assert run_lexicon(folder, tmp_path / "out") == 1
    assert "hold no entry that is kept" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_dictionaries_at_all(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert run_lexicon(tmp_path / name, tmp_path / "out") == 1
    assert name in capsys.readouterr().err


def test_an_unknown_kind(tmp_path, capsys):
    folder = dictionaries(tmp_path / "in", en_de__txt=GOOD)
    assert run_lexicon(folder, tmp_path / "out", "--formats", '{"*": "excel"}') == 2
    assert "hunalign" in capsys.readouterr().err


def test_an_unknown_language(tmp_path, capsys):
    folder = dictionaries(tmp_path / "in", en_de__txt=GOOD)
    assert run_lexicon(folder, tmp_path / "out", "--languages", "klingonish") == 1
    assert "klingonish" in capsys.readouterr().err
