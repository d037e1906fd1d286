"""The paper's MILD dataset in figures (arXiv 2006.02635v1, section 4 and Table 1)."""

_LANGUAGES = ("en", "de", "fr", "pt", "es", "it", "ja", "zh")
_HELD_OUT = dict.fromkeys(_LANGUAGES, 5_000) | {"zh": 1_000}

# Unique pictures by split and language.
PICTURES: dict[str, dict[str, int]] = {
    "train": dict.fromkeys(_LANGUAGES, 10_000) | {"en": 112_000, "zh": 2_000},
    "val": _HELD_OUT,
    "test": _HELD_OUT,
}
WORDS_A_QUERY = 5.8
QUERIES_WITH_ENTITY, CONTEXTS_WITH_ENTITY = 0.392, 0.546  # share that holds a named entity; English
