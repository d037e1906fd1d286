import gzip
import random

import pytest
from code_switching import dictionaries, make_lexicon, run_lexicon

from contract.errors import InputError, UsageError
from pipelines.lexicon.stage import summarise

GOOD = "dog hund\n"
BOMB = """<?xml version="1.0"?><!DOCTYPE TEI [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><TEI><entry><form><orth>&c;</orth></form>
<sense><def>x</def></sense></entry></TEI>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE TEI [<!ENTITY secret SYSTEM "file://{path}">]>
<TEI><entry><form><orth>dog</orth></form><sense><def>&secret;</def></sense></entry></TEI>"""


def fails(tmp_path, **files):
    """The message with which the stage refuses a folder."""
    folder = dictionaries(tmp_path / "in", en_fr__txt=GOOD, **files)
    with pytest.raises(InputError) as caught:
        make_lexicon(folder)
    return str(caught.value)


def test_the_command_line_names_the_file_and_writes_nothing(tmp_path, capsys):
    folder = dictionaries(tmp_path / "in", en_fr__txt=GOOD, en_de__txt="1 dog hund\n")
    assert run_lexicon(folder, tmp_path / "out") == 1
    assert "en-de.txt: 1 of 1 lines cannot be read; line 1: the line has 3 fields" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_binary_junk(tmp_path):
    message = fails(tmp_path, en_de__txt=random.Random(0).randbytes(20_000))
    assert "en-de.txt" in message and "cannot be read" in message and "line 1" in message


def test_an_empty_file(tmp_path):
    assert "en-de.txt holds no entry" in fails(tmp_path, en_de__txt="")


def test_a_file_of_blank_lines(tmp_path):
    assert "en-de.txt holds no entry" in fails(tmp_path, en_de__txt="\n \n\t\n")


def test_utf_16(tmp_path):
    assert "en-de.txt" in fails(tmp_path, en_de__txt="dog hund\ncat katze\n".encode("utf-16"))


def test_a_cut_off_gzip_file(tmp_path):
    data = gzip.compress(random.Random(0).randbytes(5_000))[:-2_000]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "en-de.txt.gz").write_bytes(data)
    assert "en-de.txt.gz cannot be read" in fails(tmp_path)


def test_an_xml_bomb(tmp_path):
    assert "en-de.tei" in fails(tmp_path, en_de__tei=BOMB)


def test_an_entity_that_reads_another_file(tmp_path):
    (tmp_path / "secret.txt").write_text("password")
    message = fails(tmp_path, en_de__tei=OUTSIDE.format(path=tmp_path / "secret.txt"))
    assert "defines entities" in message and "password" not in message


def test_broken_xml(tmp_path):
    assert "en-de.tei cannot be read as XML" in fails(tmp_path, en_de__tei="<TEI><entry>")


def test_text_that_calls_itself_xml(tmp_path):
    assert "en-de.xml cannot be read as XML" in fails(tmp_path, en_de__xml=GOOD)


def test_columns_without_names(tmp_path):
    message = fails(tmp_path, en_de__csv="dog,hund\ncat,katze\n")
    assert "en-de.csv names no columns" in message and "source" in message


def test_the_wrong_number_of_columns(tmp_path):
    message = fails(tmp_path, en_de__txt="1 dog hund\n2 cat katze\n")
    assert "2 of 2 lines cannot be read" in message and "3 fields" in message


def test_a_table_that_tells_no_language(tmp_path):
    message = fails(tmp_path, words__csv="source,target\ndog,hund\n")
    assert "words.csv does not tell its language" in message and "file_languages" in message


def test_nothing_but_identical_pairs(tmp_path):
    made = make_lexicon(dictionaries(tmp_path / "in", en_de__txt="hotel Hotel\n"))
    with pytest.raises(InputError, match="hold no entry that is kept"):
        summarise(made.statistics)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_dictionaries_at_all(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=name):
        make_lexicon(tmp_path / name)


def test_an_unknown_kind(tmp_path):
    with pytest.raises(UsageError, match="hunalign"):
        make_lexicon(dictionaries(tmp_path / "in", en_de__txt=GOOD), formats={"*": "excel"})


def test_an_unknown_language(tmp_path):
    with pytest.raises(InputError, match="klingonish"):
        make_lexicon(dictionaries(tmp_path / "in", en_de__txt=GOOD), languages=("klingonish",))
