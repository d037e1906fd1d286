"""News titles: the layouts that are read, what is learnt, and what is measured."""

import csv
import gzip
import io

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from news_world import PICTURES, sentence, title, write_lines, write_news
from task_world import arguments, enliven, read, world  # noqa: F401
from test_finetune import QUICK, evaluated, finetune

from contract.errors import InputError
from model import checkpoint
from model.captioning import BeamSearch
from model.evaluate import main as evaluate_main
from model.evaluation.headlines import headlines_of
from model.finetuning import headlines
from model.headlines_data import languages_of, read_headlines
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def news(tmp_path_factory):
    return write_news(tmp_path_factory.mktemp("news"))


# Reading


def quoted(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_layout(folder, layout):
    """German and English training news in a layout."""
    pairs = {lang: [(title(n, lang), sentence(n, lang)) for n in PICTURES["train"]] for lang in ("de", "en")}
    for lang, letters in (("de", "deu"), ("en", "eng")):
        headlines, bodies = zip(*pairs[lang], strict=True)
        rows = [f"{headline}\t{body}" for headline, body in pairs[lang]]
        if layout == "ours":
            write_lines(folder / f"train.{lang}.tsv", ["headline\tbody", *rows])
        elif layout == "gzip":
            text = "".join(f"{row}\n" for row in ["headline\tbody", *rows])
            folder.mkdir(exist_ok=True)
            (folder / f"train.{lang}.tsv.gz").write_bytes(gzip.compress(text.encode()))
        elif layout == "xglue":
            write_lines(folder / "NTG" / f"xglue.ntg.{lang}.src.train", list(bodies))
            write_lines(folder / "NTG" / f"xglue.ntg.{lang}.tgt.train", list(headlines))
            write_lines(folder / "NTG" / f"xglue.ntg.{lang}.src.dev", ["another split"])
            write_lines(folder / "NTG" / f"xglue.ntg.{lang}.tgt.dev", ["another"])
        elif layout in ("masakhane", "masakhane's folders"):
            table = [["category", "headline", "text", "url"]]
            table += [["sports", headline, f"{body[:5]}\n\n{body[5:]}", "https://…"] for headline, body in pairs[lang]]
            place = folder / f"{letters}.train.tsv" if layout == "masakhane" else folder / letters / "train.tsv"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(quoted(table), encoding="utf-8")
        elif layout == "no names":
            write_lines(folder / f"train.{lang}.txt", [f"{row}\tsports" for row in rows])
        elif layout == "other names":
            table = ["id\tTitle\tcontent", *(f"{number}\t{row}" for number, row in enumerate(rows))]
            write_lines(folder / f"train.{lang}.tsv", table)
        elif layout == "capitals and line ends":
            text = "".join(f"{row}\r\n" for row in [" Headline \tBODY", *rows])
            folder.mkdir(exist_ok=True)
            (folder / f"train.{lang}.tsv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return folder


@pytest.mark.parametrize(
    "layout",
    ["ours", "gzip", "xglue", "masakhane", "masakhane's folders", "no names", "other names", "capitals and line ends"],
)
def test_every_layout_says_the_same(tmp_path, layout):
    folder = write_layout(tmp_path / "data", layout)
    assert languages_of(folder, "train") == ["de", "en"]
    found = read_headlines(folder, "train")
    assert list(found) == ["de", "en"]
    for lang, news in found.items():
        assert news.headlines == [title(n, lang) for n in PICTURES["train"]]
        bodies = [sentence(n, lang) for n in PICTURES["train"]]
        if layout.startswith("masakhane"):  # line ends within a field are spaces
            bodies = [" ".join(f"{body[:5]} {body[5:]}".split()) for body in bodies]
        assert news.bodies == bodies and not news.left_out and news.rows == list(range(1, 61))
    assert list(read_headlines(folder, "train", ["en"])) == ["en"]


def test_a_file_without_a_split_is_shared_out_by_its_bodies(tmp_path):
    rows = [f"title {n}\tbody {n}" for n in range(500)]
    write_lines(tmp_path / "a" / "de.txt", rows)
    write_lines(tmp_path / "b" / "deu.tsv", rows[::-1])
    splits = {split: read_headlines(tmp_path / "a", split)["de"] for split in ("train", "val", "test")}
    assert sorted(body for news in splits.values() for body in news.bodies) == sorted(f"body {n}" for n in range(500))
    assert 30 < len(splits["val"].rows) < 75 and 30 < len(splits["test"].rows) < 75
    for split, news in splits.items():
        assert set(read_headlines(tmp_path / "b", split)["de"].bodies) == set(news.bodies)
    assert splits["test"].headlines[0] == f"title {splits['test'].rows[0] - 1}"


def test_what_cannot_be_used_is_left_out_counted_and_said(tmp_path, capsys):
    rows = ["headline\tbody", "a\tb", "\tb", " \t \t", "a\t", "a\tb\tc", "a", "", "ü\tö", "a\tb"]
    raw = [row.encode() for row in rows]
    raw[8] = "ü\tö".encode("latin-1")
    (tmp_path / "train.de.tsv").write_bytes(b"\n".join(raw) + b"\n")
    news = read_headlines(tmp_path, "train")["de"]
    assert (news.headlines, news.bodies, news.rows) == (["a", "a"], ["b", "b"], [1, 8])
    assert news.left_out == {"empty_headline": 1, "empty_body": 1, "columns": 3, "unreadable": 1}
    said = "train.de.tsv: of 8 rows are left out: 3 columns, 1 empty_body, 1 empty_headline, 1 unreadable."
    assert said in capsys.readouterr().out


def test_quotes_that_are_no_csv_are_part_of_the_text(tmp_path):
    rows = ['"Twin Peaks" goes on', 'He said: "no"', '"']
    write_lines(tmp_path / "train.de.tsv", ["headline\tbody", *(f"{row}\tbody" for row in rows)])
    assert read_headlines(tmp_path, "train")["de"].headlines == rows
    write_lines(tmp_path / "train.en.tsv", ["headline\tbody", '"He said: ""no"""\t"two\nlines"'])
    news = read_headlines(tmp_path, "train")["en"]
    assert (news.headlines, news.bodies) == (['He said: "no"'], ["two lines"])


def test_a_quote_without_end_does_not_swallow_the_file(tmp_path):
    rows = [f"title {n}\tbody {n}" for n in range(50_000)]
    write_lines(tmp_path / "train.de.tsv", ["headline\tbody", '"title\tbody', *rows])
    assert len(read_headlines(tmp_path, "train")["de"].rows) == 50_001


def test_a_line_beyond_all_bounds_is_left_out(tmp_path):
    rows = ["headline\tbody", "a\tb", f"a\t{'b' * (1 << 21)}", "a\tb"]
    write_lines(tmp_path / "train.de.tsv", rows)
    news = read_headlines(tmp_path, "train")["de"]
    assert news.rows == [1, 3] and news.left_out == {"unreadable": 1}


def shorter(folder):
    write_lines(folder / "xglue.ntg.de.tgt.train", ["one headline"])


@pytest.mark.parametrize(
    ("layout", "change", "message"),
    [
        ("ours", lambda folder: write_lines(folder / "train.deu.txt", ["a\tb"]), "of the same split and language"),
        ("ours", lambda folder: write_lines(folder / "de.txt", ["a\tb"]), "of the same split and language"),
        (
            "ours",
            lambda folder: [path.unlink() for path in folder.iterdir()],
            r"no headline in 'de' in the split 'train' \(languages: none",
        ),
        ("ours", lambda folder: write_lines(folder / "train.de.tsv", ["headline", "a"]), "'columns': 2"),
        ("ours", lambda folder: (folder / "train.de.tsv").rename(folder / "train.de.tsv.gz"), "cannot be read"),
        ("xglue", lambda folder: shorter(folder / "NTG"), r"tgt\.train has 1"),
        ("xglue", lambda folder: (folder / "NTG/xglue.ntg.de.tgt.train").unlink(), "no xglue.ntg.de.tgt.train beside"),
    ],
)
def test_bad_files_are_one_message(tmp_path, layout, change, message):
    folder = write_layout(tmp_path / "data", layout)
    change(folder)
    with pytest.raises(InputError, match=message):
        read_headlines(folder, "train", ["de"])
    with pytest.raises(InputError, match="is no folder"):
        read_headlines(tmp_path / "nowhere", "train")


def test_a_language_that_is_not_there_is_named(news):
    with pytest.raises(InputError, match=r"no headline in 'fr' in the split 'test' \(languages: de, en, zh;"):
        read_headlines(news, "test", ["de", "fr"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["headline\tbody\n", ""]))
def test_no_bytes_make_it_stumble(tmp_path, raw, first):
    (tmp_path / "train.de.tsv").write_bytes(first.encode() + raw)
    try:
        news = read_headlines(tmp_path, "train")["de"]
    except InputError:
        return
    assert len(news.headlines) == len(news.bodies) == len(news.rows) > 0
    assert all(text.strip() and "\0" not in text for text in (*news.headlines, *news.bodies))


@pytest.mark.real_data
def test_news_are_read_as_they_are(real_data):
    counts = {"en": 472, "fr": 211, "sw": 237}
    found = read_headlines(real_data / "news", "val")
    assert {lang: len(news.rows) for lang, news in found.items() if lang != "de"} == counts
    assert not any(news.left_out for news in found.values())
    assert found["fr"].headlines[0] == "Environnement : comment l'énergie verte illimitée changerait le monde"
    german = [read_headlines(real_data / "news", split, ["de"])["de"] for split in ("train", "val", "test")]
    assert sum(len(news.rows) for news in german) == 800
    assert any(text.startswith('"Twin Peaks"') for news in german for text in news.headlines)


# Learning


def test_a_step_holds_headlines_and_bodies_that_belong_together(world, news):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    inputs, tokenizer = Inputs(loaded.network, loaded.tokenizer, None, None, news), loaded.tokenizer
    assert list(headlines.parts(inputs)) == ["de", "en", "zh"]
    lesson = headlines.lesson(inputs, FinetuneConfig(batch_size=18), "all", 5)
    assert lesson.counts == {"de": 60, "en": 60, "zh": 60} and list(lesson.written) == ["de", "en", "zh"]
    seen = set()
    for step in range(10):
        (draw,) = lesson.draws(step)
        batch = draw.batch
        for row, key in enumerate(batch.keys):
            lang, number = key.split("-")
            assert tokenizer.decode(batch.tokens_BT[row].tolist()) == title(int(number) - 1, lang)
            assert tokenizer.decode(batch.noised_BT[row].tolist()) == sentence(int(number) - 1, lang)
            assert loaded.network.config.languages[batch.languages_B[row]] == lang
            seen.add(key)
        assert draw.work.tokens == sum(int((one != 1).sum()) for one in (batch.noised_BT, batch.tokens_BT)) - 18
    assert len(seen) == 180
    assert headlines.lesson(inputs, FinetuneConfig(), "zh", 5).counts == {"zh": 60}


def test_a_body_is_cut_at_a_word_and_that_is_said(world, tmp_path, capsys):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    body = " ".join([sentence(3, "en")] * 20)
    write_lines(tmp_path / "train.en.tsv", ["headline\tbody", f"a ball\t{body}", "a ring\ta ring"])
    lesson = headlines.lesson(Inputs(loaded.network, loaded.tokenizer, None, None, tmp_path), FinetuneConfig(), "en", 5)
    assert "bodies of news: 1 of 2 have more than 32 tokens and are cut, at a word." in capsys.readouterr().out
    bodies = [loaded.tokenizer.decode(tokens.tolist()) for tokens in lesson.texts[1].tokens]
    assert body.startswith(f"{bodies[0]} ") and 20 < len(lesson.texts[1].tokens[0]) <= 32


@pytest.mark.slow
def test_it_learns_from_the_body_in_the_language_that_is_asked_for(world, news, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 400, "learning_rate": 4e-3, "task": "headlines", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **settings, data=news) == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "out", tmp_path / "m.json", beam=3, data=news)
    assert list(metrics["languages"]) == ["de", "en", "zh"]
    assert all(one["BLEU-4"] > 40 for one in metrics["languages"].values()), metrics["languages"]
    openings = {"de": "hier sind", "en": "there is", "zh": "这里有"}
    assert all(sample["generated"].startswith(openings[sample["language"]]) for sample in metrics["samples"])


def test_each_language_has_a_network_as_that_language_alone_does(world, news, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 2, "task": "headlines", "data": news}
    for setting in ("each", "zh", "none"):
        assert finetune(monkeypatch, world, world / "generation", tmp_path / setting, **settings, setting=setting) == 0
    assert sorted(path.name for path in (tmp_path / "each").iterdir()) == ["config.json", "de", "en", "zh"]
    weights = {
        place: (tmp_path / place / "weights.safetensors").read_bytes() for place in ("each/zh", "zh", "none", "each/de")
    }
    assert weights["each/zh"] == weights["zh"] != weights["each/de"]
    assert weights["none"] == (world / "generation" / "weights.safetensors").read_bytes()
    for place in ("each", "zh"):
        evaluated(monkeypatch, world, tmp_path / place, tmp_path / f"{place}.json", beam=2, data=news)
    each, one = read(tmp_path / "each.json")["languages"], read(tmp_path / "zh.json")["languages"]
    assert list(each) == ["de", "en", "zh"] and each["zh"] == one["zh"]


def test_the_same_seed_gives_the_same_bytes(world, news, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 3, "task": "headlines", "setting": "en", "data": news}
    for name, seed in (("first", 5), ("second", 5), ("other", 6)):
        given = settings | {"seed": seed}
        assert finetune(monkeypatch, world, world / "generation", tmp_path / name, **given) == 0
        evaluated(monkeypatch, world, tmp_path / name, tmp_path / "metrics.json", beam=2, data=news)
        (tmp_path / "metrics.json").rename(tmp_path / f"{name}.json")
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("first", "second", "other")]
    assert weights[0] == weights[1] != weights[2]
    metrics = [read(tmp_path / f"{name}.json") | {"checkpoint": ""} for name in ("first", "second")]
    assert metrics[0] == metrics[1]


# Measuring


def test_each_language_is_told_with_items_tokenizer_and_samples(world, news, tmp_path, monkeypatch):  # noqa: F811
    told = {"data": news, "beam": 2, "samples": 2, "task": "headlines"}
    metrics = evaluated(monkeypatch, world, world / "generation", tmp_path / "m.json", **told)
    assert (metrics["task"], metrics["split"], metrics["languages_left_out"]) == ("headlines", "test", [])
    assert {lang: (one["items"], one["tokenizer"]) for lang, one in metrics["languages"].items()} == {
        "de": (12, "13a"), "en": (12, "13a"), "zh": (12, "zh"),
    }  # fmt: skip
    assert all(one["references_in_language"] > 0.9 for one in metrics["languages"].values())
    assert [one["language"] for one in metrics["samples"]] == ["de", "de", "en", "en", "zh", "zh"]
    assert metrics["samples"][0]["reference"] == title(60, "de")


def test_a_body_gets_the_same_headline_among_others_as_alone(world, news):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    enliven(loaded.network)
    inputs, bodies = (
        Inputs(loaded.network, loaded.tokenizer, None, None, news),
        read_headlines(news, "train")["en"].bodies,
    )
    several = [headlines_of(inputs, bodies[:20], "en", BeamSearch(3, 1.0, 12), at_once) for at_once in (1, 7, 20)]
    assert several[0] == several[1] == several[2] and len(set(several[0])) > 1


def test_one_piece_of_news_and_a_sample_of_many(world, news, tmp_path, monkeypatch):  # noqa: F811
    found = {}
    for count in (1, 5):
        told = {"data": news, "beam": 1, "max_images": count, "task": "headlines"}
        metrics = evaluated(monkeypatch, world, world / "generation", tmp_path / f"{count}.json", **told)
        found[count] = {one["reference"] for one in metrics["samples"]}
        assert {one["items"] for one in metrics["languages"].values()} == {count}
    assert found[1] <= found[5]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"data": "nowhere"}, 1, "is no folder"),
        ({"languages": "de,fr"}, 1, "no headline in 'fr'"),
        ({"split": "val"}, 1, "no headline in the split 'val'"),
        ({"max_caption_length": 0}, 2, "evaluate: max_caption_length is 0"),
    ],
)
def test_bad_settings_are_one_message(world, news, tmp_path, monkeypatch, capsys, options, code, message):  # noqa: F811
    line = arguments(world, world / "generation", tmp_path / "m.json", **{"data": news, "task": "headlines"} | options)
    monkeypatch.setattr("sys.argv", ["evaluate", *line])
    assert evaluate_main() == code
    assert message in capsys.readouterr().err and not (tmp_path / "m.json").exists()


def test_a_language_without_embedding_is_left_out_and_stops_a_training(
    world, news, tmp_path, monkeypatch, capsys  # noqa: F811
):  # fmt: skip
    for split in PICTURES:
        write_lines(tmp_path / "data" / f"{split}.fr.tsv", ["headline\tbody", "ici\tun ballon ici"])
        write_lines(tmp_path / "data" / f"{split}.de.tsv", ["headline\tbody", "hier\tein Ball hier"])
    told = {"data": tmp_path / "data", "beam": 1, "task": "headlines"}
    metrics = evaluated(monkeypatch, world, world / "generation", tmp_path / "m.json", **told)
    assert list(metrics["languages"]) == ["de"] and metrics["languages_left_out"] == ["fr"]
    options = {"data": tmp_path / "data", "task": "headlines", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **options) == 1
    assert "no embedding for the language 'fr'" in capsys.readouterr().err
