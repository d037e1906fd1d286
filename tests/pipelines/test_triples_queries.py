import pytest

from pipelines.triples.class_names import ClassNames
from pipelines.triples.languages import primary_language
from pipelines.triples.noise import RULES, noise_rule
from pipelines.triples.query_filters import QueryReader
from pipelines.triples.sensitive_words import OWN_LISTS, SensitiveWords, read_word_lists
from pipelines.triples.text import normalise
from pipelines.triples.words import Segmenter

LANGUAGES = ("en", "de", "fr", "pt", "es", "it", "ja", "zh")


@pytest.fixture(scope="module")
def reader():
    names = {"en": {"red kite": 1, "kite": 0}, "zh": {"风筝": 0}, "fr": {"cerf volant": 0}}
    return QueryReader(LANGUAGES, 0.1, 5, read_word_lists(OWN_LISTS, LANGUAGES), ClassNames(names))


@pytest.mark.parametrize(
    ("lang", "query", "words"),
    [
        ("hi", "लाल गाड़ी के पास कुत्ता", ["लाल", "गाड़ी", "के", "पास", "कुत्ता"]),
        ("ta", "சிவப்பு கார், நாய்!", ["சிவப்பு", "கார்", "நாய்"]),
        ("bn", "লাল গাড়ি", ["লাল", "গাড়ি"]),
        ("en", "it's a t-shirt (red)", ["it's", "a", "t-shirt", "red"]),
    ],
)
def test_vowel_signs_and_apostrophes_end_no_word(lang, query, words):
    assert Segmenter().words(normalise(query), lang) == [normalise(word) for word in words]


def test_a_hindi_word_is_found_whole_and_not_within_another():
    words = SensitiveWords(["कुत्ता"], "hi", Segmenter())
    assert words.find(normalise("लाल कुत्ता")) and not words.find(normalise("लाल कुत्ताघर"))


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("  red \t car\u00a0park\n", "red car park"),
        ("ﬁsh ＆ chips", "fish & chips"),
        ("fish &amp; chips", "fish & chips"),
        ("po\u200brn\x00", "porn"),
        ("Ａ４ ｐａｐｅｒ", "A4 paper"),
        (" \u200b\u3000 ", ""),
    ],
)
def test_a_query_in_its_normal_form(raw, normal):
    assert normalise(raw) == normal


def test_the_language_that_the_log_states_needs_no_model():
    assert [primary_language(tag) for tag in ("pt-BR", "PT_br", "zh", "", None, "klingon!", "x")] == [
        "pt", "pt", "zh", None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "lang"),
    [
        ("a red house next to a tall tree", "en"),
        ("ein rotes Haus neben einem hohen Baum", "de"),
        ("une maison rouge à côté d'un grand arbre", "fr"),
        ("uma casa vermelha ao lado de uma árvore", "pt"),
        ("una casa roja junto a un árbol alto", "es"),
        ("una casa rossa accanto a un albero alto", "it"),
        ("oRAnGe uMBRELLa ON The GrAss", "en"),
        ("PelOta ROJa eN La HiERba", "es"),
        ("木の隣にある赤い家の写真", "ja"),
        ("树旁边的红房子的照片", "zh"),
    ],
)
def test_language_is_identified_where_the_log_says_none(reader, query, lang):
    found = reader.read(query, None)
    assert (found.lang, found.reason) == (lang, "")
    assert found.words >= 5


@pytest.mark.parametrize(
    "query", ["красный дом рядом с деревом", "czerwony dom obok zielonego drzewa", "빨간 집 옆 나무 사진"]
)
def test_a_language_outside_the_set_is_not_taken_for_one_of_it(reader, query):
    assert reader.read(query, None).reason == "language_unknown"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("12 345 67", "query_noisy"),
        ("qwertyuiop asdf", "query_noisy"),
        ("drzewa", "query_short"),
        ("나무", "query_short"),
    ],
)
def test_noise_and_single_words_go_for_what_they_are_though_their_language_cannot_be_told(reader, query, reason):
    assert reader.read(query, None).reason == reason
    assert reader.read(query, "pl").reason == "language_unknown"


def test_a_stated_language_outside_the_set_is_rejected(reader):
    assert reader.read("a red house by a tree", "sv-SE").reason == "language_unknown"


def test_chinese_and_japanese_words_are_counted_by_a_segmenter(reader):
    assert reader.read("红房子", "zh").reason == "query_short"
    assert reader.read("赤い家", "ja").reason == "query_short"
    assert reader.read("红色的房子旁边有一棵大树", "zh").reason == ""


UNSPACED = {  # a red house beside a big tree; a big house; the fish
    "th": ("บ้านสีแดงข้างต้นไม้ใหญ่ในสวน", "บ้านใหญ่", "ปลา"),
    "lo": ("ເຮືອນສີແດງຢູ່ຂ້າງຕົ້ນໄມ້ໃຫຍ່", "ເຮືອນໃຫຍ່", "ປາ"),
    "km": ("ផ្ទះក្រហមនៅក្បែរដើមឈើធំ", "ផ្ទះធំ", "ត្រី"),
    "my": ("သစ်ပင်ကြီးဘေးမှာအနီရောင်အိမ်ရှိတယ်", "အိမ်ကြီး", "ငါး"),
}


@pytest.fixture(scope="module")
def unspaced_reader():
    names = {lang: {fish: 3} for lang, (_, _, fish) in UNSPACED.items()}
    return QueryReader(tuple(UNSPACED), 0.1, 5, {"th": ["โป๊"]}, ClassNames(names))


@pytest.mark.parametrize("lang", UNSPACED)
def test_words_are_counted_where_thai_lao_khmer_and_burmese_write_no_spaces(unspaced_reader, lang):
    long, short, _ = UNSPACED[lang]
    passing, rejected = (unspaced_reader.read(query, lang) for query in (long, short))
    assert passing.reason == "" and passing.words >= 5
    assert (rejected.reason, rejected.words) == ("query_short", 2)
    assert unspaced_reader.read(f"{long} ๑๒๓ 737-800", lang).words > passing.words


@pytest.mark.parametrize("lang", UNSPACED)
def test_classes_and_sensitive_words_are_whole_words_where_there_are_no_spaces(unspaced_reader, lang):
    long, _, fish = UNSPACED[lang]
    assert unspaced_reader.read(long, lang).named == ()
    assert unspaced_reader.read(f"{fish}{long}", lang).named == (3,)
    assert unspaced_reader.read("ปลายทางของถนนสายนี้อยู่ที่ทะเล", "th").named == ()  # begins like ปลา, fish
    assert unspaced_reader.read("ภาพโป๊ของผู้หญิงในห้อง", "th").reason == "query_sensitive"


@pytest.mark.parametrize("query", ["บ้านใหญ่", "红房子", "赤い家"])
def test_two_words_are_few_in_any_script_though_their_language_is_none_of_those_wanted(query):
    german = QueryReader(("de",), 0.9, 5, {}, ClassNames({}))
    assert german.read(query, None).reason == "query_short"
    assert german.read("บ้านสีแดงข้างต้นไม้ใหญ่ในสวน", None).reason == "language_unknown"


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("12 34 56", "no_letters"),
        ("see www.example.com for red cars", "address"),
        ("IMG_2041.jpg red house by tree", "file_name"),
        ("Route Sign Number 4.svgRoute Sign Number 9", "file_name"),
        ("Route Sign Number 9.svg都道府県道標識", "file_name"),
        ("site:example red house by tree", "search_operator"),
        ("<b>red</b> house by tree", "markup"),
        ("red h\ufffduse by a tree", "unreadable_characters"),
        ("reeeeeed house by the tree", "repeated_characters"),
        ("house house house red", "repeated_words"),
        ("house 12 34 red 56", "numbers"),
        ("order a8f3k2z99 red house now", "code"),
        ("red ~~ ## house *** && ++", "symbols"),
        ("red sdfghjk house by tree", "no_vowels"),
        ("red asdf house by tree", "keyboard_row"),
        ("red " + "ha" * 30 + " by a tree", "long_word"),
    ],
)
def test_noise_is_named(query, rule):
    assert noise_rule(query, Segmenter().words(query, "en")) == rule
    assert rule in RULES


@pytest.mark.parametrize(
    "query",
    [
        "a red house by a tree in 2019",
        "rhythm section playing on the 21st",
        "l'arbre près de la maison d'été",
        "Donaudampfschifffahrtsgesellschaft on a river cruise",
        "who's afraid of the big bad wolf?",
        "iPhone 5s in a black case",
        "Angstschweiß auf der Stirn des Läufers",
        "ein Samurai-Krieger zieht sein Schwert im Freien",
        "「信濃奇勝録」の挿絵にある岩端、1834年",
        "l'attore 56enne e la madre 35enne in scena",
        "a Boeing 737-800 at gate B12 in the 1930er-Jahren",
        "Motocyklista strhl řidítka doleva",
        "strč prst skrz krk nápis na zdi",
        "M16A1 rifle seen from its right side",
        "2019年4月28日、京都競馬場にて",
        "1985년~2012년 나스닥-100 지수",
        "Jack Kevorkian, 15 Ocak 2011",
        '"白色船"',
    ],
)
def test_ordinary_queries_are_no_noise(query):
    assert noise_rule(query, Segmenter().words(query, "en")) is None


@pytest.mark.parametrize(
    "query",
    [
        "free porn pictures of people",
        "free PORN pictures",
        "free p0rn pictures",
        "free pr0n or p o r n here",
        "free p.o.r.n here",
        "s_e_x pictures of people",
        "s3x pictures of people",
        "$ex pictures of people",
        "pooooorn pictures of people",
        "p*rn pictures of people",
        "p\u200born pictures of people",
        "ｐｏｒｎ pictures of people",
        "pоrn pictures of people",  # the o is Cyrillic
        "pictures of hot   girls",
        "some x-rated pictures",
    ],
)
def test_sensitive_words_are_found_through_their_disguises(reader, query):
    assert reader.read(query, "en").reason == "query_sensitive"


@pytest.mark.parametrize(
    "query",
    [
        "Scunthorpe town hall in the rain",
        "Essex countryside in early spring",
        "classic cars parked in a row",
        "a sextant on an old ship",
        "five hot dogs and two girls",
        "an x in a rated box",
        "grade a b c report card",
        "1000 horses in a field",
        "analysis of therapist cocktails assassin",
    ],
)
def test_innocent_words_that_look_alike_pass(reader, query):
    assert reader.read(query, "en").reason == ""


@pytest.mark.parametrize(
    ("lang", "query"),
    [("de", "Bilder von nackten Leuten am Strand"), ("fr", "photos de femmes nues à la plage"),
     ("es", "fotos de mujeres desnudas en casa"), ("it", "foto di donne nude al mare"),
     ("pt", "fotos de mulheres nuas na praia"), ("ja", "海辺で撮ったヌード写真の一覧"), ("zh", "网上的色情图片在哪里")],
)  # fmt: skip
def test_each_language_has_its_list(reader, lang, query):
    assert reader.read(query, lang).reason == "query_sensitive"


def test_accents_tell_words_apart():
    words = SensitiveWords(["ano"], "es", Segmenter())
    assert words.find("fotos del año nuevo") is None
    assert words.find("fotos del ano") == "ano"


def test_classes_are_named_by_the_longest_name(reader):
    assert reader.read("a boy with a Red Kite outside", "en").named == (1,)
    assert reader.read("a red ball and a kite", "en").named == (0,)
    assert reader.read("un garçon avec un cerf-volant bleu", "fr").named == (0,)
    assert reader.read("红色的风筝在蓝色的天空上", "zh").named == (0,)


@pytest.mark.real_data
def test_public_word_lists_find_their_own_entries_and_spare_look_alikes(real_data, record_property):
    lists = read_word_lists(real_data / "ldnoobw", LANGUAGES)
    segmenter = Segmenter()
    for lang, terms in lists.items():
        words = SensitiveWords(terms, lang, segmenter)
        missed = [term for term in terms if not words.find(normalise(f"aaa {term} bbb"))]
        record_property(f"entries of the list {lang} found", f"{len(terms) - len(missed)} of {len(terms)}")
        assert len(missed) <= 0.02 * len(terms), (lang, missed)
    english = SensitiveWords(lists["en"], "en", segmenter)
    innocent = "Scunthorpe Essex classic assassin Sussex therapist peacock shuttlecock cockpit basement grape drape"
    assert [word for word in innocent.split() if english.find(f"a picture of {word} today")] == []
