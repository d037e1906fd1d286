import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from task_world import world  # noqa: F401

from contract.errors import InputError
from model.data import join_pair
from model.entailment_data import LABELS, Example, Judged, read_examples, read_judged
from model.tokenizer import BOS, EOS, Tokenizer

ROW = ("Es regnet.", "Es ist nass.")
XNLI_HEADER = [
    "language", "gold_label", "sentence1_binary_parse", "sentence2_binary_parse", "sentence1_parse", "sentence2_parse",
    "sentence1", "sentence2", "promptID", "pairID", "genre", "label1", "label2", "label3", "label4", "label5",
    "sentence1_tokenized", "sentence2_tokenized", "match",
]  # fmt: skip


def write(path: Path, *rows: tuple[str, ...] | list[str]) -> Path:
    text = "".join("\t".join(row) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path.parent


def xnli_row(lang: str, label: str, first: str, second: str) -> list[str]:
    return [lang, label, "", "", "", "", first, second, "1", "1", "facetoface", *[label] * 5, first, second, "True"]


def read(folder: Path, split: str = "train", languages: tuple[str, ...] = ()) -> tuple[list[Example], dict]:
    left_out: Counter[tuple[str, str]] = Counter()
    return list(read_examples(folder, split, languages, left_out)), dict(left_out)


@pytest.mark.parametrize(
    ("name", "rows", "line"),
    [
        ("train.de.tsv", [("premise", "hypothesis", "label"), (*ROW, "entailment")], 2),
        ("train.de.tsv.gz", [("premise", "hypothesis", "label"), (*ROW, "entailment")], 2),
        ("multinli.train.de.tsv", [("premise", "hypo", "label"), (*ROW, "entailment")], 2),
        ("de.train.txt", [(*ROW, "entailment")], 1),
        ("train-de.tsv", [(*ROW, "entailment")], 1),
        ("de.train.tsv", [("genre", "label", "sentence1_de", "sentence2_de"), ("letters", "entailment", *ROW)], 2),
        ("xnli.train.tsv", [XNLI_HEADER, xnli_row("de", "entailment", *ROW)], 2),
        ("XNLI-1.0/xnli.train.tsv", [XNLI_HEADER, xnli_row("de", "entailment", *ROW)], 2),
    ],
)
def test_every_published_layout_is_read(tmp_path, name, rows, line):
    write(tmp_path / name, *rows)
    assert read(tmp_path) == ([Example(f"{name}:{line}", "de", *ROW, LABELS.index("entailment"))], {})


@pytest.mark.parametrize(
    ("name", "split", "lang"),
    [
        ("sw.dev.tsv", "val", "sw"),
        ("validation.pt-BR.tsv", "val", "pt-BR"),
        ("zh-Hans.test.txt", "test", "zh-Hans"),
        ("val_ur.txt", "val", "ur"),
        ("deu.valid.tsv", "val", "de"),
    ],
)
def test_split_and_language_are_told_by_the_name(tmp_path, name, split, lang):
    write(tmp_path / name, (*ROW, "neutral"))
    assert [one.lang for one in read(tmp_path, split)[0]] == [lang]


def test_labels_are_named_in_several_ways(tmp_path):
    labels = ["entailment", "neutral", "contradiction", "contradictory", " Neutral "]
    write(tmp_path / "train.en.tsv", *[(*ROW, label) for label in labels])
    assert [LABELS[one.label] for one in read(tmp_path)[0]] == [*LABELS, "contradiction", "neutral"]


def test_quotes_are_text_and_text_is_cleaned(tmp_path):
    write(tmp_path / "train.en.tsv", ('"No', '  he said,\u00a0"no\x07 ', "neutral"))
    assert [one[2:4] for one in read(tmp_path)[0]] == [('"No', 'he said, "no')]


def test_bad_rows_are_counted_by_language_and_reason(tmp_path):
    write(
        tmp_path / "xnli.test.tsv", XNLI_HEADER, xnli_row("de", "neutral", *ROW), xnli_row("de", "-", *ROW),
        xnli_row("fr", "maybe", *ROW), xnli_row("fr", "neutral", " ", "Oui."), xnli_row("fr", "neutral", "Oui.", ""),
        xnli_row("../x", "neutral", *ROW), xnli_row("all", "neutral", *ROW), xnli_row("fr", "neutral", *ROW)[:-1],
    )  # fmt: skip
    write(tmp_path / "en.test.txt", (*ROW, "neutral"), ROW, (*ROW, "neutral", "more"), ("",))
    examples, left_out = read(tmp_path, "test")
    assert [one.lang for one in examples] == ["en", "de"]
    assert left_out == {
        ("en", "columns"): 3, ("de", "label"): 1, ("fr", "label"): 1, ("fr", "empty"): 2, ("und", "language"): 2,
        ("und", "columns"): 1,
    }  # fmt: skip


def test_only_the_languages_that_are_named_are_read_and_counted(tmp_path):
    write(tmp_path / "xnli.dev.tsv", XNLI_HEADER, *[xnli_row(lang, "-", *ROW) for lang in ("de", "fr", "sw")])
    write(tmp_path / "tr.dev.tsv", (*ROW, "neutral"))
    (tmp_path / "ur.dev.tsv").write_bytes(b"\xff\xfe")
    assert read(tmp_path, "val", ("tr", "fr")) == (
        [Example("tr.dev.tsv:1", "tr", *ROW, LABELS.index("neutral"))], {("fr", "label"): 1},
    )  # fmt: skip


def test_other_files_are_passed_over(tmp_path):
    write(tmp_path / "train.en.tsv", (*ROW, "neutral"))
    for name in ("README.md", "README.txt", "xnli.train.jsonl", "._train.fr.tsv", "train.fr.tsv.bak"):
        (tmp_path / name).write_bytes(b"\0\xff")
    assert len(read(tmp_path)[0]) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train.de.tsv",
            b"premise\thypothesis\tlabel\na\tb\tneutral\n\x89PNG\xff\n",
            r"de\.tsv, line 3: not UTF",
        ),
        ("train.de.tsv", "a\tb\tneutral\n".encode("utf-16"), "line 1: not UTF-8"),
        ("train.de.tsv", "a\tb\tneutral\n".encode("utf-16-le"), "line 1: not UTF-8 text: it holds NUL"),
        ("train.de.tsv", b"a\tb\tneutral\n" + b"x" * (1 << 21), r"line 2: longer than 1,048,576 bytes"),
        ("train.de.tsv.gz", gzip.compress(b"a\tb\tneutral\n" * 9, mtime=0)[:-9], r"train\.de\.tsv\.gz cannot be read"),
        ("train.de.tsv.gz", b"a\tb\tneutral\n", "cannot be read: Not a gzipped file"),
        ("train.tsv", b"a\tb\tneutral\n", r"train\.tsv does not tell its language"),
        ("train.all.tsv", b"premise\thypothesis\tlabel\n", r"train\.all\.tsv does not tell its language"),
    ],
)
def test_a_file_that_is_no_table_of_text_is_named_with_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path)


def test_two_files_of_one_language_and_split_are_refused(tmp_path):
    write(tmp_path / "dev.de.tsv", (*ROW, "neutral"))
    write(tmp_path / "xnli.dev.tsv", XNLI_HEADER, xnli_row("de", "neutral", *ROW))
    with pytest.raises(InputError, match=r"dev\.de\.tsv and .*xnli\.dev\.tsv both hold pairs in 'de'"):
        read(tmp_path, "val")


def test_a_folder_without_the_split_says_what_it_holds(tmp_path):
    write(tmp_path / "de.dev.txt", (*ROW, "neutral"))
    with pytest.raises(InputError, match=r"no file of the split 'test' \(of other splits: de\.dev\.txt\)"):
        read(tmp_path, "test")
    with pytest.raises(InputError, match="is no folder"):
        read(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("rows", "languages", "message"),
    [
        (
            [(*ROW, "-"), ROW],
            (),
            r"no pair in the split 'train' \(pairs: 0; rows left out: de: columns 1, label 1\)",
        ),
        (
            [(*ROW, "neutral")],
            ("de", "fr"),
            r"no pair in 'fr' in the split 'train' \(pairs: 1; rows left out: none",
        ),
        ([("text_a", "text_b", "gold")], (), "left out: de: label 1"),
    ],
)
def test_nothing_left_is_an_error_that_says_why(world, tmp_path, rows, languages, message):  # noqa: F811
    write(tmp_path / "train.de.tsv", *rows)
    with pytest.raises(InputError, match=message):
        read_judged(tmp_path, "train", languages, Tokenizer(world / "tokenizer"), 32)


def test_pairs_become_one_text_with_their_ends(world, tmp_path, capsys):  # noqa: F811
    tokenizer = Tokenizer(world / "tokenizer")
    first, second = "there is a cube", "a cube is here"
    write(tmp_path / "train.en.tsv", (first, second, "entailment"), (f"{first} and a ball" * 3, second, "-"))
    pairs = read_judged(tmp_path, "train", (), tokenizer, 32)
    joined = [BOS, *tokenizer.encode(first), EOS, EOS, *tokenizer.encode(second), EOS]
    assert [tokens.tolist() for tokens in pairs.tokens] == [joined]
    assert (pairs.labels, pairs.languages, pairs.keys) == ([0], ["en"], ["train.en.tsv:1"])
    assert pairs.left_out == {"en": {"label": 1}}
    assert "rows of the split 'train' are left out: en: label 1." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("first", "second", "longest", "kept"),
    [
        (5, 7, 16, (5, 7)),
        (20, 7, 16, (6, 6)),
        (20, 5, 16, (7, 5)),
        (3, 20, 16, (3, 9)),
        (20, 20, 17, (7, 6)),
        (9, 9, 6, (1, 1)),
    ],
)
def test_a_long_pair_is_cut_so_that_both_keep_their_share(world, first, second, longest, kept):  # noqa: F811
    tokenizer = Tokenizer(world / "tokenizer")
    (letter,) = [token for token in range(4, tokenizer.mask) if tokenizer.decode([token]) == "e"][:1]
    joined = join_pair(tokenizer, [letter] * first, [letter] * second, longest).tolist()
    assert joined == [BOS, *[letter] * kept[0], EOS, EOS, *[letter] * kept[1], EOS]


def test_a_cut_says_so_and_a_network_without_room_is_refused(world, tmp_path, capsys):  # noqa: F811
    write(tmp_path / "train.en.tsv", ("there is a cube here " * 9, "a ball", "neutral"))
    pairs = read_judged(tmp_path, "train", (), Tokenizer(world / "tokenizer"), 16)
    assert len(pairs.tokens[0]) <= 16
    assert "1 of 1 pairs have more than 16 tokens and are cut" in capsys.readouterr().out
    with pytest.raises(InputError, match="reads 5 tokens"):
        read_judged(tmp_path, "train", (), Tokenizer(world / "tokenizer"), 5)


def test_a_sample_takes_the_same_pairs_of_each_language_whatever_else_is_there():
    keys = [f"train.{lang}.tsv:{number}" for lang in ("de", "en", "fr") for number in range(20)]
    languages = [key[6:8] for key in keys]
    pairs = Judged([np.array([number]) for number in range(60)], list(range(60)), languages, keys, {})
    few, more = pairs.sample(3), pairs.sample(9)
    assert few.languages == ["de"] * 3 + ["en"] * 3 + ["fr"] * 3
    assert set(few.keys) < set(more.keys) and sorted(few.labels) == few.labels == [int(one[0]) for one in few.tokens]
    places = [int(key.partition(":")[2]) for key in few.keys]
    assert places == places[:3] * 3 and places[:3] != [0, 1, 2], "translations of each other"
    assert pairs.sample(0) is pairs and len(pairs.sample(99)) == 60
