import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from code_switching import ENTRIES, lexicon_of, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codeswitching.keys import lookup_key
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.ragged import Utf8, slices_as_strings, strings_from, utf8_of
from contract.codeswitching.settings import Settings
from contract.codeswitching.switcher import Switcher
from contract.codeswitching.tokens import tokenize
from contract.codeswitching.word_numbers import WordNumbers
from contract.errors import InputError, UsageError
from pipelines.codeswitch.variants import rows_of

WORDS = st.sampled_from([source for source, _ in ENTRIES])
PIECES = st.one_of(
    WORDS,
    WORDS.map(str.title),
    st.text(max_size=6),
    st.sampled_from([" ", "-", "a", "x-", "'s ", "’s ", "‑", ". ", "… ", "\u0301", "😀", "，"]),
)
TEXTS = st.lists(st.lists(PIECES, max_size=12).map("".join), min_size=1, max_size=6)
MODES = st.builds(
    Settings,
    look_up=st.sampled_from(["full", "folded", "published"]),
    sentence_share=st.sampled_from([0.5, 1.0]),
    word_probability=st.sampled_from([0.0, 0.4, 1.0]),
    words=st.sampled_from(["each", "one"]),
    language_draw=st.sampled_from(["word", "sentence"]),
    language_weights=st.sampled_from([{}, {"fr": 5.0}]),
    translation_draw=st.sampled_from(["uniform", "score"]),
)


def switch(texts, variants=range(3), seed=7, entries=None, ids=None, **kwargs):
    """[(text, replacements)] of each row."""
    ids = ids or [f"c{i}" for i in range(len(texts))]
    switched = Switcher(lexicon_of(entries), Settings(**kwargs)).switch(ids, texts, variants, seed)
    return list(zip(switched.texts.to_pylist(), switched.replacements().to_pylist(), strict=True))


def one(text, entries=None, **kwargs):
    """The text with every word switched, from a lexicon of one translation each."""
    return switch([text], range(1), entries=entries, word_probability=1.0, **kwargs)[0][0]


def applied(text, replacements):
    for replacement in reversed(replacements):
        text = text[: replacement["start"]] + replacement["target"] + text[replacement["end"] :]
    return text


def removed(text, replacements):
    """The source text back from the text."""
    shift = 0
    for replacement in replacements:
        start = replacement["start"] + shift
        assert text[start : start + len(replacement["target"])] == replacement["target"]
        text = text[:start] + replacement["source"] + text[start + len(replacement["target"]) :]
    return text


@given(TEXTS, MODES)
@settings(max_examples=100, deadline=None)
def test_text_and_source_text_explain_each_other(texts, mode):
    lexicon = lexicon_of()
    switched = Switcher(lexicon, mode).switch([str(i) for i in range(len(texts))], texts, range(3), 7)
    rows = zip(switched.texts.to_pylist(), switched.replacements().to_pylist(), strict=True)
    for row, (text, replacements) in enumerate(rows):
        source_text = texts[row // 3]
        assert applied(source_text, replacements) == text
        assert removed(text, replacements) == source_text
        end = 0
        for replacement in replacements:
            assert end <= replacement["start"] < replacement["end"]
            end = replacement["end"]
            assert source_text[replacement["start"] : end] == replacement["source"]
            all_targets = {t for (_, lang), targets in ENTRIES.items() if lang == replacement["lang"] for t in targets}
            assert replacement["target"] in all_targets | {t[0].upper() + t[1:] for t in all_targets}
        if mode.words == "one":
            assert len(replacements) <= 1
        if mode.language_draw == "sentence":
            assert len({replacement["lang"] for replacement in replacements}) <= 1


SOURCES = st.text(min_size=1, max_size=8).map(lookup_key).filter(bool)
TARGETS = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3, unique=True).map(sorted)
LEXICONS = st.dictionaries(st.tuples(SOURCES, st.sampled_from(["de", "ru"])), TARGETS, min_size=1, max_size=6)


@given(st.data(), LEXICONS, MODES)
@settings(max_examples=100, deadline=None)
def test_no_replacement_comes_from_elsewhere_than_its_languages_entry(data, entries, mode):
    lexicon = lexicon_of(entries)
    switcher = Switcher(lexicon, replace(mode, language_weights={}))
    words = st.sampled_from([source for source, _ in entries])
    pieces = st.one_of(words, words.map(str.upper), st.text(max_size=4), st.sampled_from([" ", "'s ", "’s", "."]))
    texts = data.draw(st.lists(st.lists(pieces, max_size=8).map("".join), min_size=1, max_size=4))
    switched = switcher.switch([str(number) for number in range(len(texts))], texts, range(2), 7)
    targets = lexicon.targets.strings().to_pylist()
    capital = dict(zip(targets[: lexicon.num_targets], targets[lexicon.num_targets :], strict=True))
    rows = zip(switched.texts.to_pylist(), switched.replacements().to_pylist(), strict=True)
    for row, (text, replacements) in enumerate(rows):
        assert applied(texts[row // 2], replacements) == text
        assert removed(text, replacements) == texts[row // 2]
        for replacement in replacements:
            key = switcher.forms.key(replacement["source"])
            of_key = lexicon.targets_of(key, replacement["lang"])
            targets = of_key or lexicon.targets_of(switcher.forms.lemma_key(key), replacement["lang"])
            assert replacement["target"] in {*targets, *map(capital.get, targets)}


@given(TEXTS, MODES, st.integers(0, 2**63), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_captions_variants_do_not_depend_on_other_captions_or_variants(texts, mode, seed, random):
    lexicon, ids = lexicon_of(), [f"id{i}" for i in range(len(texts))]
    switched = Switcher(lexicon, mode).switch(ids, texts, range(3), seed)
    whole = {(ids[row // 3], row % 3): text for row, text in enumerate(switched.texts.to_pylist())}
    order = random.sample(range(len(texts)), random.randint(1, len(texts)))
    few = Switcher(lexicon, mode).switch([ids[i] for i in order], [texts[i] for i in order], [2, 0], seed)
    for row, text in enumerate(few.texts.to_pylist()):
        assert text == whole[ids[order[row // 2]], [2, 0][row % 2]]


@given(st.text(max_size=30))
def test_the_key_of_a_key_is_the_key(text):
    assert lookup_key(lookup_key(text)) == lookup_key(text)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_rates_are_those_of_the_parameters(probability):
    number = 20_000
    rows = switch(["dog boy run"] * number, range(1), word_probability=probability, sentence_share=0.7)
    replaced = sum(len(replacements) for _, replacements in rows)
    untouched = sum(not replacements for _, replacements in rows) / number
    expected = 0.7 * probability
    # Words of one caption share the sentence draw, so the error is taken over captions.
    variance = 0.7 * (3 * probability * (1 - probability) + 9 * probability**2) - (3 * expected) ** 2
    assert abs(replaced / number - 3 * expected) < 3 * math.sqrt(variance / number)
    none = 0.3 + 0.7 * (1 - probability) ** 3
    assert abs(untouched - none) < 3 * math.sqrt(none * (1 - none) / number)


@pytest.mark.parametrize("draw", ["word", "sentence"])
def test_languages_follow_their_weights(draw):
    rows = switch(["dog"] * 20_000, range(1), word_probability=1.0, language_draw=draw, language_weights={"ru": 2.0})
    counts = Counter(replacement["lang"] for _, replacements in rows for replacement in replacements)
    for lang, share in (("de", 0.25), ("fr", 0.25), ("ru", 0.5)):
        assert abs(counts[lang] / 20_000 - share) < 3 * math.sqrt(share * (1 - share) / 20_000)


def test_translations_are_drawn_uniformly():
    rows = switch(["a"] * 20_000, range(1), word_probability=1.0)
    counts = Counter(text for text, _ in rows)
    assert abs(counts["ein"] / 20_000 - 0.5) < 3 * math.sqrt(0.25 / 20_000)


def test_translations_are_drawn_by_score_where_the_dictionary_has_scores():
    entries = {("a", "de"): ["der", "ein", "eine"], ("b", "de"): ["x", "y"], ("c", "de"): ["z"]}
    lexicon = Lexicon(table_of(entries, {("a", "de"): [None, 1.0, 6.0], ("c", "de"): [1e30]}))
    by_score = Switcher(lexicon, Settings(word_probability=1.0, translation_draw="score"))
    ids = [str(number) for number in range(20_000)]
    drawn = by_score.switch(ids, ["a b c"] * len(ids), range(1), 7).texts.to_pylist()
    counts = Counter(word for text in drawn for word in text.split())
    for word, share in {"der": 1 / 8, "ein": 1 / 8, "eine": 6 / 8, "x": 1 / 2, "y": 1 / 2}.items():
        assert abs(counts[word] / 20_000 - share) < 3 * math.sqrt(share * (1 - share) / 20_000), word
    assert counts["z"] == 20_000


def test_one_word_is_drawn_uniformly_and_always():
    rows = switch(["dog boy run x"] * 20_000, range(1), words="one", word_probability=0.0)
    counts = Counter(replacements[0]["start"] for _, replacements in rows)
    assert sorted(counts) == [0, 4, 8]
    assert all(abs(count / 20_000 - 1 / 3) < 3 * math.sqrt(2 / 9 / 20_000) for count in counts.values())


def test_seeds_and_variants_differ():
    texts = ["a dog and a boy run, a dog and a boy"] * 50
    assert switch(texts, seed=1) == switch(texts, seed=1)
    assert switch(texts, seed=1) != switch(texts, seed=2)
    assert len({text for text, _ in switch(texts, variants=range(8))}) > 8


def test_known_text_stays_known():
    """The draws are part of the contract: training and stage, today and next year."""
    rows = switch(["A dog's dogs eat hot dogs.", "The boy runs."], range(2), seed=7, ids=["x", "y"])
    assert [text for text, _ in rows] == PINNED


PINNED = [
    "A dog's chienne eat hot dogs.",
    "A hund's dogs eat hot dogs.",
    "The boy runs.",
    "The garçon runs.",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dog.", "hund."),
        ("(dog),dog!", "(hund),hund!"),
        ("A dog. A dog", "Ein hund. Ein hund"),
        ("the Dog", "the hund"),
        ("DOG and dog", "Hund and hund"),
        ("dog's and dog’s", "hund's and hund’s"),
        ("dogʼs ʼs ʼS dog＇s", "hundʼs ʼs ʼS hund＇s"),
        ("two dogs", "two hund"),
        ("hot dogs and Hot dog", "würstchen and würstchen"),
        ("hot, dog", "hot, hund"),
        ("a T-shirt", "ein leibchen"),
        ("the x-dog", "the x-dog"),
        ("dog-a", "dog-a"),
        ("a - dog, a -dog dog-dog", "ein - hund, ein -hund hund-hund"),
        ("a 4-dog, 狗-dog", "ein 4-hund, 狗-hund"),
        ("x-hot dog, hot dog-x, x-hot-dog", "x-hot hund, hot dog-x, x-hot-hund"),
        ("do\u0301g dog\u0301", "do\u0301g dog\u0301"),
        ("dog😀dog", "hund😀hund"),
        ("dogs" * 3, "dogs" * 3),
        ("", ""),
        (" . ", " . "),
    ],
)
def test_look_up_finds_what_is_there(text, expected):
    entries = {key: targets[:1] for key, targets in ENTRIES.items() if key[1] == "de"}
    assert one(text, entries) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dog dog. Dog dogs", "hund dog. Dog dogs"),
        ("hot dog", "hot hund"),
        ("  dog  ", "  hund  "),
        ("dog\tdog", "dog\tdog"),
    ],
)
def test_the_published_look_up_is_exact(text, expected):
    entries = {key: targets[:1] for key, targets in ENTRIES.items() if key[1] == "de"}
    assert one(text, entries, look_up="published") == expected


def test_a_caption_ends_where_its_neighbour_begins():
    texts = ["two dogs -", "a dog", "dog-", "a", "a", "-dog"]
    entries = {key: targets[:1] for key, targets in ENTRIES.items() if key[1] == "de"}
    alone = [one(text, entries) for text in texts]
    assert [text for text, _ in switch(texts, range(1), entries=entries, word_probability=1.0)] == alone
    assert alone == ["two hund -", "ein hund", "hund-", "ein", "ein", "-hund"]


@pytest.mark.parametrize(
    "lists", [{"targets": []}, {"scores": [1.0]}, {"scores": [0.0, 1.0]}, {"scores": [math.inf, 1]}]
)
def test_a_lexicon_whose_lists_do_not_fit_is_refused(lists):
    given = {"targets": ["x", "y"], "scores": None} | lists
    with pytest.raises(InputError, match="scores that do not fit"):
        Lexicon(table_of({("a", "de"): given["targets"]}, {("a", "de"): given["scores"]}))


def test_the_lemma_serves_only_languages_that_lack_the_form():
    rows = switch(["dogs"] * 300, range(1), word_probability=1.0)
    by_language = {replacement["lang"]: replacement["target"] for _, (replacement,) in rows}
    assert by_language["ru"] == "собаки"
    assert by_language["de"] == "hund"
    assert by_language["fr"] in ("chien", "chienne")
    assert one("dogs", look_up="folded") == "собаки"


def test_words_never_to_switch_stay():
    assert (
        one("Dog dogs hot dog boy", {("dog", "de"): ["x"], ("boy", "de"): ["y"]}, never=("DOG",))
        == "Dog dogs hot dog y"
    )


def test_a_sentence_keeps_to_one_language_that_it_has_words_of():
    for text, replacements in switch(["boy run dog"] * 200, range(1), word_probability=1.0, language_draw="sentence"):
        (lang,) = {replacement["lang"] for replacement in replacements}
        assert len(replacements) == {"de": 2, "fr": 3, "ru": 1}[lang], text


def test_a_very_long_caption():
    text = "dog " * 25_000
    (switched, replacements), _ = switch([text], range(2))
    assert applied(text, replacements) == switched


def test_an_empty_batch():
    assert switch([]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"word_probability": 1.5}, {"sentence_share": -0.1}, {"word_probability": float("nan")}, {"words": "some"},
        {"look_up": "exact"}, {"language_draw": "x"}, {"translation_draw": "best"}, {"language_weights": {"de": 0.0}},
    ],
)  # fmt: skip
def test_settings_that_cannot_be(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Settings(**wrong)


def test_a_language_that_the_lexicon_lacks():
    with pytest.raises(UsageError, match="xx"):
        lexicon_of(languages=("de", "xx"))


def test_an_empty_lexicon():
    with pytest.raises(InputError, match="empty"):
        Lexicon(table_of({}))


def test_only_the_languages_that_are_asked_for():
    lexicon = lexicon_of(languages=("fr",))
    assert lexicon.languages == ("fr",)
    assert lexicon.targets_of("dog", "fr") == ["chien", "chienne"]
    assert lexicon.targets_of("dog", "de") == []
    assert isinstance(lexicon.targets, Utf8)


@given(st.lists(st.text("abß語", min_size=1, max_size=20), min_size=1, max_size=40, unique=True))
@settings(max_examples=40, deadline=None)
def test_equal_words_and_no_others_have_one_number(words):
    """The table is made of the first words of many, and compares them eight bytes at a time."""
    places = {word: place for place, word in enumerate(words)}
    numbers, many = WordNumbers(places.__getitem__), words * 200
    for given_words in (many, many[::-1]):
        assert numbers.of(tokenize([" ".join(given_words)])).tolist() == [places[word] for word in given_words]


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=20), st.data())
def test_slices_are_those_that_python_takes(text, places, data):
    starts, ends = (
        (np.array(column, np.int64) for column in zip(*map(sorted, places), strict=True)) if places else ([], [])
    )
    of_character = [len(text[:place].encode()) for place in range(61)]
    which = data.draw(st.lists(st.integers(0, len(places) - 1), max_size=40)) if places else []
    slices = slices_as_strings(
        utf8_of([text]).data, np.array([of_character[start] for start in starts], np.int64),
        np.array([of_character[end] for end in ends], np.int64), np.array(which, np.int64),
    )  # fmt: skip
    assert slices.to_pylist() == [text[starts[one] : ends[one]] for one in which]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (pa.array(["a dog", None]), "Texts that are null: 1"),
        (pa.array([b"dog \xff"]).cast(pa.string(), safe=False), "damaged"),
        (pa.array([b"dog \xc3", b"\xa9 dog"]).cast(pa.string(), safe=False), "damaged"),
    ],
)
def test_texts_that_are_none_or_no_text_are_refused(texts, message):
    ids = [str(number) for number in range(len(texts))]
    with pytest.raises(InputError, match=message):
        Switcher(lexicon_of(), Settings()).switch(ids, texts, [0], 1)


def test_rows_bring_no_text_of_captions_without_a_row():
    """Few captions are switched where the probability is small; the others' texts would make the file large."""
    texts = [f"a dog number {number}" for number in range(200)]
    names = ("caption_id", "image_id", "text", "split")
    columns = [[f"{number:03d}" for number in range(200)]] * 2 + [texts, ["train"] * 200]
    captions = pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names)
    switched = Switcher(lexicon_of(), Settings(word_probability=0.02)).switch(columns[0], captions["text"], range(2), 7)
    rows, rejects = rows_of(captions, switched, 2)
    assert 0 < len(rows) < 30 and len(rows) + len(rejects) == 400
    assert rows["source_text"].dictionary.to_pylist() == list(dict.fromkeys(rows["source_text"].to_pylist()))
    sources = rows["replacements"].flatten().field("source")
    assert sources.dictionary.to_pylist() == list(dict.fromkeys(sources.to_pylist()))


def test_more_text_than_arrow_holds_is_an_error():
    zeros = np.zeros(2**31, np.uint8)  # of which the machine gives no page before it is written
    with pytest.raises(InputError, match=r"2,147,483,648 bytes"):
        strings_from(zeros, np.array([0, len(zeros)]))
