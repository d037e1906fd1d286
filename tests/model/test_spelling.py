"""A text comes out in the language that is asked for: of tokens that occur in it, whatever the network was taught."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from news_world import plain_text, sentence, write_news, write_sentences, write_spelling_checkpoint
from task_world import read, world  # noqa: F401
from test_finetune import QUICK, evaluated, finetune
from test_pretrain import command, data, run  # noqa: F401

from model import checkpoint, told_language
from model.captioning import BeamSearch, search
from model.data import Texts, encode, pad
from model.regions import RegionStore
from model.spelling import learn_spelling
from model.tokenizer import BOS, EOS, Tokenizer

CPU = torch.device("cpu")


@pytest.fixture
def spelling(world, tmp_path):  # noqa: F811
    return write_spelling_checkpoint(tmp_path / "spelling", world / "tokenizer")


def known(tokenizer: Tokenizer, lang: str) -> set[int]:
    """The tokens of a language's training sentences."""
    texts = plain_text(tokenizer, [lang])
    return {token for tokens in texts.tokens for token in tokens.tolist()}


LEARNT_IN_ENGLISH = {
    "captioning": {"steps": 60, "setting": "en"},
    "translation": {"steps": 60, "setting": "de-en"},  # so that it has written English alone
    "headlines": {"steps": 60, "setting": "en"},
}


@torch.inference_mode()
def foreign(folder: Path, world: Path, task: str, lang: str) -> list[str]:  # noqa: F811
    """What a checkpoint writes in a language for the test pictures with a piece that is not the language's."""
    loaded = checkpoint.load(folder, CPU)
    network, tokenizer, store = loaded.network, loaded.tokenizer, RegionStore(world / "regions")
    regions = store.batch([store.row_of[f"p{picture:03d}"] for picture in range(60, 72)])
    german = pad([encode(tokenizer, sentence(picture, "de"), 32) for picture in range(60, 72)])
    languages = torch.zeros(len(german), dtype=torch.long)
    memory = {
        "captioning": lambda: network.encode_regions(regions),
        "translation": lambda: network.encode_joint(german, languages, regions),
        "headlines": lambda: network.encode_text(german, languages),
    }[task]()
    row = network.config.languages.index(lang)
    found = search(network, *memory, row, tokenizer.mask, BeamSearch(3, 1.0, 20))
    own = known(tokenizer, lang) | {
        token for token in range(tokenizer.vocabulary) if not tokenizer.writes_letters(token)
    }
    return [tokenizer.decode(tokens) for tokens in found if not own.issuperset(tokens)]


@pytest.mark.parametrize("task", LEARNT_IN_ENGLISH)
def test_after_english_alone_other_languages_are_written_with_their_own_tokens(
    world, spelling, tmp_path, monkeypatch, task  # noqa: F811
):  # fmt: skip
    settings = QUICK | LEARNT_IN_ENGLISH[task] | {"task": task}
    if task != "captioning":
        write = write_sentences if task == "translation" else write_news
        settings["data"] = write(tmp_path / "data")
    for start, name in ((spelling, "knowing"), (world / "generation", "older")):
        assert finetune(monkeypatch, world, start, tmp_path / name, **settings) == 0
        assert not foreign(tmp_path / name, world, task, "en")
    for lang in ("de", "zh"):
        assert not foreign(tmp_path / "knowing", world, task, lang)
        # A checkpoint that knows nothing of languages: the very English that it was taught.
        assert len(foreign(tmp_path / "older", world, task, lang)) == 12


@pytest.fixture(scope="module")
def pretrained(data, tmp_path_factory):  # noqa: F811
    """A network that writes three languages from noise, and English from pictures."""
    out = tmp_path_factory.mktemp("pretrained") / "generation"
    run(command("generation", data, out, steps=250, dropout=0.0, batch_size=16, tasks='{"xDAE": 2, "IC": 1}'))
    return out


@pytest.mark.slow
@pytest.mark.parametrize("task", LEARNT_IN_ENGLISH)
def test_with_plain_text_to_rehearse_they_are_still_spoken(world, data, pretrained, tmp_path, monkeypatch, task):  # noqa: F811
    settings = QUICK | LEARNT_IN_ENGLISH[task] | {"task": task, "corpus": data["corpus"]}
    texts = {}
    if task != "captioning":
        texts = {"data": (write_sentences if task == "translation" else write_news)(tmp_path / "data")}
    assert finetune(monkeypatch, world, pretrained, tmp_path / "out", **settings | texts) == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "out", tmp_path / "m.json", beam=3, **texts)
    found = metrics.get("languages") or metrics["directions"]
    assert {part.split("-")[-1] for part in found} == {"de", "en", "zh"}
    for part, one in found.items():
        assert one["in_language"] >= 0.9 and one["references_in_language"] >= 0.9, (part, one)


@pytest.mark.parametrize("setting", ["all", "each"])
def test_where_every_language_is_written_nothing_is_rehearsed(world, data, tmp_path, monkeypatch, setting):  # noqa: F811
    settings = QUICK | {"steps": 3, "task": "captioning", "setting": setting}
    for name, given in (("with", {"corpus": data["corpus"]}), ("without", {})):
        assert finetune(monkeypatch, world, world / "generation", tmp_path / name, **settings | given) == 0
    weights = [sorted((tmp_path / name).rglob("weights.safetensors")) for name in ("with", "without")]
    assert len(weights[0]) == (3 if setting == "each" else 1)
    assert [path.read_bytes() for path in weights[0]] == [path.read_bytes() for path in weights[1]]


def test_a_rehearsal_is_the_same_for_the_same_seed(world, data, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 3, "task": "captioning", "setting": "en"}
    for name, given in (("first", {}), ("second", {}), ("none", {"rehearsal": 0})):
        more = given | {"corpus": data["corpus"]}
        assert finetune(monkeypatch, world, world / "generation", tmp_path / name, **settings | more) == 0
    first, second, none = ((tmp_path / one / "weights.safetensors").read_bytes() for one in ("first", "second", "none"))
    assert first == second != none
    losses = read(tmp_path / "first" / "config.json")["training"]["losses"][-1]
    assert {"captioning", "xDAE"} <= set(losses)


def test_a_table_holds_what_occurs_and_what_is_no_letter(world, spelling):  # noqa: F811
    loaded = checkpoint.load(spelling, CPU)
    table, tokenizer = loaded.network.spelling_LV, loaded.tokenizer
    for row, lang in enumerate(loaded.network.config.languages):
        own = set(torch.nonzero(table[row]).flatten().tolist())
        shared = {token for token in range(tokenizer.vocabulary) if not tokenizer.writes_letters(token)}
        assert own == known(tokenizer, lang) | shared
        assert EOS in own and tokenizer.mask in shared


@pytest.mark.parametrize(("text", "writes"), [("5", False), ("!", False), ("。", False), ("é", True), ("方", True)])
def test_what_writes_a_letter(text, writes, tmp_path):
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a 5 ! 。 é 方 b", "方 é 5 。 ! a b"] * 10), vocab_size=14, hard_vocab_limit=False,
        model_prefix=str(tmp_path / "sentencepiece.bpe"), minloglevel=2,
    )  # fmt: skip
    tokenizer = Tokenizer(tmp_path)
    assert any(tokenizer.writes_letters(token) for token in tokenizer.encode(text)) == writes


def test_a_language_without_texts_may_take_every_token_until_it_has_some(world, tmp_path):  # noqa: F811
    folder = write_spelling_checkpoint(tmp_path / "of-two", world / "tokenizer", languages=("en", "de"))
    loaded = checkpoint.load(folder, CPU)
    network, tokenizer = loaded.network, loaded.tokenizer
    german, _, chinese = network.spelling_LV
    assert chinese.all() and not german.all()
    learn_spelling(network, tokenizer, [plain_text(tokenizer, ["zh"])])
    assert not chinese.all() and known(tokenizer, "zh") <= set(torch.nonzero(chinese).flatten().tolist())


def test_later_texts_add_and_take_nothing_away(spelling):
    loaded = checkpoint.load(spelling, CPU)
    network, tokenizer = loaded.network, loaded.tokenizer
    before = network.spelling_LV.clone()
    borrowed = tokenizer.encode("方块")
    assert not before[1, borrowed].all()
    texts = Texts([np.array([BOS, *borrowed, EOS])], ["en"], np.array([-1]), ["borrowed"])
    learn_spelling(network, tokenizer, [texts])
    assert network.spelling_LV[1, borrowed].all()
    assert (network.spelling_LV[1] >= before[1]).all() and torch.equal(network.spelling_LV[[0, 2]], before[[0, 2]])


def test_what_is_rarer_than_one_in_a_million_is_not_the_languages_own(spelling):
    loaded = checkpoint.load(spelling, CPU)
    network, tokenizer = loaded.network, loaded.tokenizer
    network.spelling_LV[1] = True
    (common, *_), rare = tokenizer.encode("cube"), tokenizer.encode("方块")[-1]
    tokens = [np.full(3_000_000, common), np.array([rare])]
    learn_spelling(network, tokenizer, [Texts(tokens, ["en", "en"], np.array([-1, -1]), ["many", "one"])])
    assert network.spelling_LV[1, common] and not network.spelling_LV[1, rare]


def test_pre_training_learns_it_from_plain_text_and_english_captions(data, tmp_path):  # noqa: F811
    run(command("generation", data, tmp_path / "out", steps=2))
    loaded = checkpoint.load(tmp_path / "out", CPU)
    table, tokenizer = loaded.network.spelling_LV, loaded.tokenizer
    english, chinese = (table[loaded.network.config.languages.index(lang)] for lang in ("en", "zh"))
    assert english[tokenizer.encode("cube")].all() and not chinese[tokenizer.encode("cube")].all()
    assert chinese[tokenizer.encode("方块")].all() and not english[tokenizer.encode("方块")].all()


def test_understanding_networks_and_older_checkpoints_have_none(world):  # noqa: F811
    for kind in ("understanding", "generation"):
        network = checkpoint.load(world / kind, CPU).network
        assert getattr(network, "spelling_LV", None) is None
        assert "spelling_LV" not in network.state_dict()


def test_where_nothing_tells_languages_the_metrics_go_without(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)  # as on a machine that has the network's needs alone
    told_language._model.cache_clear()
    try:
        assert told_language.shares_in_language(["ein Ball"], ["ein Ball"], "de", ["de", "en"]) == {}
        assert "py3langid is not installed" in capsys.readouterr().out
    finally:
        told_language._model.cache_clear()
