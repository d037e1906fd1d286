"""The tokenizer: XLM-R's ids, and words that look alike in switched captions and in sentences of their own."""

import json
from pathlib import Path

import pytest
from task_world import write_dataset

from contract.errors import InputError
from model.tokenizer import BOS, EOS, MODEL_FILE, PAD, UNK, Tokenizer, frequent_words, main

ENGLISH = ["a big red boat on the water", "a small red cup", "the boat is left of a big cup"] * 20
JAPANESE = ["水の上に大きな赤い船があります。", "小さな赤い船です。", "船の左に赤い魚がいます。"] * 20


@pytest.fixture
def stage(tmp_path) -> list[str]:
    def corpus(lang: str, texts: list[str]) -> list[dict]:
        return [
            {"sentence_id": f"{lang}{i:03d}", "lang": lang, "text": t, "split": "train"} for i, t in enumerate(texts)
        ]

    def caption(lang: str, number: int, text: str) -> dict:
        name = f"{lang}{number}"
        return {"caption_id": name, "image_id": name, "lang": lang, "text": text, "split": "train"}

    captions = [caption("en", i, text) for i, text in enumerate(ENGLISH)] + [caption("de", 0, "ein Unterseeboot")]
    lexicon = [
        {"source": "red", "lang": "ja", "targets": ["赤い"], "origins": ["d"], "scores": None},
        {"source": "boat", "lang": "ja", "targets": ["船"], "origins": ["d"], "scores": None},
        {"source": "zebra", "lang": "ja", "targets": ["縞馬"], "origins": ["d"], "scores": None},
    ]
    write_dataset(tmp_path / "corpus", "corpus", corpus("en", ENGLISH) + corpus("ja", JAPANESE))
    write_dataset(tmp_path / "captions", "captions", captions)
    write_dataset(tmp_path / "lexicon", "lexicon", lexicon)
    folders = [word for name in ("corpus", "captions", "lexicon") for word in (f"--{name}", str(tmp_path / name))]
    return [*folders, "--vocabulary-size", "130", "--out", str(tmp_path / "tokenizer")]


def run(monkeypatch, arguments: list[str]) -> int:
    monkeypatch.setattr("sys.argv", ["model.tokenizer", *arguments])
    return main()


def test_a_dictionarys_word_is_one_piece_with_spaces_around_it_and_without(stage, tmp_path, monkeypatch):
    assert run(monkeypatch, stage) == 0
    tokenizer = Tokenizer(tmp_path / "tokenizer")
    in_a_switched_caption = tokenizer.encode("a big 赤い 船")
    in_a_sentence = tokenizer.encode("小さな赤い船です。")
    red, boat = (tokenizer.encode(word)[-1] for word in ("赤い", "船"))
    assert {red, boat} <= set(in_a_switched_caption) & set(in_a_sentence)
    assert tokenizer.decode([BOS, *in_a_sentence, EOS, PAD]) == "小さな赤い船です。"


def test_ids_are_laid_out_as_xlm_rs(stage, tmp_path, monkeypatch):
    assert run(monkeypatch, stage) == 0
    tokenizer = Tokenizer(tmp_path / "tokenizer")
    facts = json.loads((tmp_path / "tokenizer" / "tokenizer.json").read_text())
    assert (tokenizer.vocabulary, tokenizer.mask) == (facts["vocabulary"], facts["mask"]) == (132, 131)
    ids = tokenizer.encode("a big red boat 龘")
    assert UNK in ids and all(UNK <= one < tokenizer.mask for one in ids)
    assert tokenizer.starts_word(tokenizer.encode("boat")[0])


def test_no_caption_of_another_language_is_trained_on(stage, tmp_path, monkeypatch):
    assert run(monkeypatch, stage) == 0
    tokenizer = Tokenizer(tmp_path / "tokenizer")
    assert len(tokenizer.encode("Unterseeboot")) > 4  # the only place where it stands is a German caption


def test_the_same_data_give_the_same_model(stage, tmp_path, monkeypatch):
    models = []
    for name in ("one", "two"):
        assert run(monkeypatch, [*stage[:-1], str(tmp_path / name)]) == 0
        models.append((tmp_path / name / MODEL_FILE).read_bytes())
    assert models[0] == models[1]


def test_little_text_gives_as_many_pieces_as_it_holds_and_says_so(stage, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, [*stage, "--vocabulary-size", "100000"]) == 0
    assert "fewer pieces than tokenizer.vocabulary_size, 100,000" in capsys.readouterr().out
    assert (
        Tokenizer(tmp_path / "tokenizer").decode(Tokenizer(tmp_path / "tokenizer").encode("a big boat")) == "a big boat"
    )
    assert run(monkeypatch, stage) == 0
    assert "fewer pieces" not in capsys.readouterr().out


def test_fewer_pieces_than_the_text_has_characters_are_refused_with_the_setting_named(stage, monkeypatch, capsys):
    assert run(monkeypatch, [*stage, "--vocabulary-size", "5"]) == 1
    assert "tokenizer.vocabulary_size is 5" in capsys.readouterr().err


def test_a_given_model_is_taken_as_it_is(stage, tmp_path, monkeypatch):
    assert run(monkeypatch, stage) == 0
    given = tmp_path / "tokenizer" / MODEL_FILE
    assert run(monkeypatch, [*stage[:-1], str(tmp_path / "taken"), "--model", str(given)]) == 0
    assert (tmp_path / "taken" / MODEL_FILE).read_bytes() == given.read_bytes()


def test_a_language_that_a_given_tokenizer_lacks_is_named(stage, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, stage) == 0
    assert "does not know" not in capsys.readouterr().out
    facts = json.loads((tmp_path / "tokenizer" / "tokenizer.json").read_text())
    assert facts["unknown_translations"] == {"ja": 0.0}
    georgian = [{"source": "boat", "lang": "ka", "targets": ["ნავი"], "origins": ["d"], "scores": None}]
    english = [{"source": "boat", "lang": "en-x", "targets": ["ship"], "origins": ["d"], "scores": None}]
    write_dataset(tmp_path / "other", "lexicon", georgian + english)
    given = ["--model", str(tmp_path / "tokenizer" / MODEL_FILE), "--lexicon", str(tmp_path / "other")]
    assert run(monkeypatch, [*stage[:-1], str(tmp_path / "taken"), *given]) == 0
    said = capsys.readouterr().out
    assert "100% of the lexicon's translations into ka hold characters" in said and "en-x" not in said


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / MODEL_FILE).write_bytes(b"no model")
    with pytest.raises(InputError, match="no SentencePiece model"):
        Tokenizer(tmp_path)
    with pytest.raises(InputError, match="holds no"):
        Tokenizer(Path(tmp_path / "nowhere"))


def test_words_are_counted_longest_first_and_the_rarest_left_out():
    texts = iter(["黄色い船と黄色の船", "船"])
    words = {"黄色", "黄色い", "船", "馬"}
    assert frequent_words(texts, words, 9) == ["黄色い", "黄色", "船"]
    assert frequent_words(iter(["黄色い船と黄色の船", "船と黄色い船"]), words, 2) == ["黄色い", "船"]
