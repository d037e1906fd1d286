"""What the paper reports (arXiv 2006.02635v1), where a profile measures the same on the same data set."""

from __future__ import annotations

SOURCE = "arXiv 2006.02635v1"
TEST_PICTURES = 1_000  # of Multi30K's test split

# mR by setting and language. The names of settings are those of this project's checkpoints.
_RETRIEVAL: dict[str, dict[str, dict[str, float]]] = {
    "multi30k": {
        "understanding-mct": {"en": 61.1, "de": 35.7, "fr": 24.7, "cs": 26.4},
        "retrieval-en": {"en": 86.0, "de": 48.8, "fr": 39.4, "cs": 38.8},
        "retrieval-each": {"en": 86.0, "de": 80.2, "fr": 67.1, "cs": 66.2},
        "retrieval-all": {"en": 86.7, "de": 82.0, "fr": 73.5, "cs": 70.2},
    }
}

# BLEU-4 and CIDEr by setting and language.
_CAPTIONING: dict[str, dict[str, dict[str, tuple[float, float]]]] = {
    "multi30k": {"captioning-all": {"en": (26.5, 59.4), "de": (16.6, 44.3), "fr": (8.7, 40.1), "cs": (5.4, 31.1)}}
}

DATASETS = tuple(_RETRIEVAL)


def retrieval(dataset: str) -> dict[str, dict[str, float]]:
    """The paper's mR by setting and language; empty for a data set that it does not have."""
    return _RETRIEVAL.get(dataset, {})


def captioning(dataset: str) -> dict[str, dict[str, tuple[float, float]]]:
    """The paper's BLEU-4 and CIDEr by setting and language; empty for a data set that it does not have."""
    return _CAPTIONING.get(dataset, {})
