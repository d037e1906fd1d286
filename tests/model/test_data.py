"""From Parquet to batches."""

from collections import Counter

import numpy as np
import pytest
from task_world import FEATURES, region_row, things_of, world, write_dataset  # noqa: F401

from contract.hashing import stable_hash
from model.data import encode, pad, tokenise
from model.order import Order
from model.reading import read_captions, read_codeswitch, read_corpus
from model.regions import RegionStore
from model.task_data import read_split
from model.tokenizer import BOS, EOS, PAD, Tokenizer


def test_an_order_gives_every_sample_once_an_epoch_and_another_order_the_next():
    order = Order(10, 7, "VLM")
    first, second = (np.concatenate([order.batch(n, 5) for n in numbers]) for numbers in ((0, 1), (2, 3)))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first.tolist() != second.tolist()


def test_a_batch_depends_on_its_number_alone():
    order = Order(10, 7, "VLM")
    late = [order.batch(number, 4).tolist() for number in (9, 3, 0)]
    assert late == [Order(10, 7, "VLM").batch(number, 4).tolist() for number in (9, 3, 0)]
    assert late != [Order(10, 8, "VLM").batch(number, 4).tolist() for number in (9, 3, 0)]


def test_batches_of_like_length_hold_every_sample_once_and_depend_on_their_number_alone():
    lengths = np.random.default_rng(0).integers(3, 40, 256)  # two windows of 32 batches of 4
    batches = [Order(256, 7, lengths=lengths).batch(number, 4).tolist() for number in range(64)]
    order = Order(256, 7, lengths=lengths)
    assert [order.batch(number, 4).tolist() for number in reversed(range(64))] == batches[::-1]
    assert sorted(np.concatenate(batches)) == list(range(256))
    padding, as_drawn = (
        sum(4 * lengths[rows].max() - lengths[rows].sum() for rows in many)
        for many in (batches, [Order(256, 7).batch(number, 4) for number in range(64)])
    )
    assert padding < as_drawn / 5
    longest = [lengths[rows].max() for rows in batches[:32]]
    assert longest not in (sorted(longest), sorted(longest, reverse=True))


@pytest.mark.parametrize("samples", [1, 3, 10, 257])
@pytest.mark.parametrize("size", [1, 4, 33])
def test_a_batch_is_a_stretch_of_an_endless_row_of_permutations(samples, size):
    order = Order(samples, 7, "VLM")
    for number in (5, 0, 31):
        places = [divmod(position, samples) for position in range(number * size, (number + 1) * size)]
        row = [np.random.default_rng(stable_hash(7, "VLM", epoch)).permutation(samples) for epoch, _ in places]
        expected = [[int(one[place]) for one, (_, place) in zip(row, places, strict=True)], [e for e, _ in places]]
        assert order.with_epochs(number, size).tolist() == expected


def test_regions_come_back_as_they_were_written(world):  # noqa: F811
    store = RegionStore(world / "regions")
    assert len(store) == 72 and store.feature_dim == FEATURES
    row = region_row(3)
    batch = store.batch([store.row_of["p003"], store.row_of["p001"]])
    assert batch.mask.sum(dim=1).tolist() == [3, 2]
    expected = np.frombuffer(row["features"], "<f2").reshape(3, FEATURES)
    np.testing.assert_array_equal(batch.features[0].numpy(), expected.astype(np.float32))
    np.testing.assert_allclose(batch.locations[0, 1], [10 / 320, 30 / 320, 40 / 320, 50 / 320, 30 * 20 / 320**2])
    assert batch.object_ids[1, :2].tolist() == things_of(1)
    assert not batch.features[1, 2].any()


def test_only_captions_of_the_split_and_languages_are_read(world):  # noqa: F811
    store, tokenizer = RegionStore(world / "regions"), Tokenizer(world / "tokenizer")
    texts = read_captions(world / "captions", tokenizer, store, "train", ("en",), 32)
    assert Counter(texts.languages) == {"en": 120}
    assert all(one[0] == BOS and one[-1] == EOS for one in texts.tokens)
    everything = read_captions(world / "captions", tokenizer, store, "test", None, 32)
    assert Counter(everything.languages) == {"en": 24, "de": 12, "zh": 12}


def test_texts_are_padded_to_the_longest():
    assert pad([np.array([BOS, 5, EOS]), np.array([BOS, 5, 6, EOS])])[0].tolist() == [BOS, 5, EOS, PAD]


@pytest.mark.parametrize("longest", range(10, 50))
def test_a_long_text_is_cut_at_a_word_and_keeps_its_end(world, longest):  # noqa: F811
    tokenizer, text = Tokenizer(world / "tokenizer"), "there is a red cat or a dog here and it sat on a hat in the sun"
    whole, cut = tokenizer.encode(text), encode(tokenizer, text, longest)
    assert cut[0] == BOS and cut[-1] == EOS and len(cut) <= longest
    assert cut[1:-1].tolist() == whole[: len(cut) - 2]
    if len(cut) - 2 < len(whole):
        assert tokenizer.decode(cut.tolist()) in {" ".join(text.split()[:count]) for count in range(1, 18)}


def test_what_marks_no_words_is_cut_between_pieces(world):  # noqa: F811
    tokenizer = Tokenizer(world / "tokenizer")
    for text in ("这里有方块和圆球" * 5, "star" * 30, "star " + "这里有方块和圆球" * 5):
        assert len(tokenizer.encode(text)) > 8
        assert len(encode(tokenizer, text, 10)) == 10


def captions_of(folder, texts: dict[str, str]):
    """A dataset of English training captions, one for each of these pictures."""
    rows = [
        {"caption_id": f"c-{image_id}", "image_id": image_id, "lang": "en", "text": text, "split": "train"}
        for image_id, text in texts.items()
    ]
    return write_dataset(folder / "captions", "captions", rows)


def test_captions_that_are_too_long_empty_or_of_no_regions_are_counted_once(world, tmp_path, capsys):  # noqa: F811
    rows = [region_row(picture) for picture in range(8)]
    rows[2] |= {"num_regions": 0, "features": b"", "boxes": b"", "object_ids": [], "object_scores": []}
    store = RegionStore(write_dataset(tmp_path / "regions", "regions", rows))
    tokenizer, longer = Tokenizer(world / "tokenizer"), "there is a cube and a ball here " * 9
    texts = {"p000": longer, "p001": "a cube", "p002": "a ball", "p003": " ", "elsewhere": "a ring"}
    read = read_captions(captions_of(tmp_path, texts), tokenizer, store, "train", ("en",), 16)
    assert sorted(read.keys) == ["c-p000", "c-p001"] and max(map(len, read.tokens)) <= 16
    assert capsys.readouterr().out.splitlines() == [
        "captions: 2 of 5 are left out: their pictures have no regions.",
        "captions: 1 of 3 have more than 16 tokens and are cut, at a word.",
        "captions: 1 of 3 are left out: they are empty.",
    ]
    assert sorted(read.pictures.tolist()) == sorted([store.row_of["p000"], store.row_of["p001"]])
    split = read_split(tmp_path / "captions", store, "train")  # as fine-tuning and evaluation read them
    assert split.images() == ["p000", "p001", "p003"] and sum(split.without_regions.values()) == 2
    assert "2 captions of the split 'train' are skipped" in capsys.readouterr().out
    sentence = {"lang": "en", "split": "train"}
    corpus = [{"sentence_id": "a", "text": longer, **sentence}, {"sentence_id": "b", "text": "", **sentence}]
    assert read_corpus(write_dataset(tmp_path / "corpus", "corpus", corpus), tokenizer, "train", 16).keys[:] == ["a"]
    said = capsys.readouterr().out
    assert "sentences of plain text: 1 of 2 have more than 16" in said and "1 of 2 are left out: they are emp" in said


def test_a_language_that_the_tokenizer_lacks_is_said(world, capsys):  # noqa: F811
    tokenizer = Tokenizer(world / "tokenizer")
    tokenise(tokenizer, ["a ball and a ring"] * 9 + ["ኳስ"], 32, "a tenth")
    assert capsys.readouterr().out == ""
    tokenise(tokenizer, ["a ball and a ring"] * 8 + ["ኳስ", "ቀለበት"], 32, "headlines")
    assert capsys.readouterr().out == "headlines: 2 of 10 hold characters that the tokenizer does not know.\n"


def test_code_switched_captions_remember_what_they_were_switched_from(world, tmp_path):  # noqa: F811
    store, tokenizer = RegionStore(world / "regions"), Tokenizer(world / "tokenizer")
    sources = {"p000": "a cube", "p001": "a ball", "p002": "a cube"}
    rows = [
        {"caption_id": f"{image_id}#{variant}", "image_id": image_id, "variant": variant, "text": f"a Ring {variant}",
         "source_text": source, "replacements": [], "split": "train"}
        for image_id, source in sources.items() for variant in (0, 1)
    ]  # fmt: skip
    read = read_codeswitch(write_dataset(tmp_path / "codeswitch", "codeswitch", rows), tokenizer, store, 16)
    names = {row: image_id for image_id, row in store.row_of.items()}
    switched_from = [sources[names[picture]] for picture in read.pictures.tolist()]
    for one, origin in zip(switched_from, read.origins, strict=True):
        assert [other == one for other in switched_from] == (read.origins == origin).tolist()
    assert read.of([3, 0]).origins.tolist() == read.origins[[3, 0]].tolist()


def test_text_survives_the_tokenizer(world):  # noqa: F811
    tokenizer = Tokenizer(world / "tokenizer")
    for text in ("there is a cube and a ball here", "这里有方块和圆球"):
        assert tokenizer.decode([BOS, *tokenizer.encode(text), EOS, PAD]) == text
    assert tokenizer.mask == tokenizer.vocabulary - 1
