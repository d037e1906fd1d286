"""Metrics of all five tasks in four settings, as the evaluations write them, with hostile texts among the samples."""

import json

EVIL = "<script>alert(1)</script>"
EVIL_ATTRIBUTE = '"><img src=x onerror=alert(2)>'
SETTINGS = ("none", "en", "each", "all")
SIGNATURE = "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.5.1"
LABELS = ("entailment", "neutral", "contradiction")
TOKENIZERS = {"zh": "zh", "ja": "char"}


def make_metrics(folder, languages, image_ids, texts):
    """Writes every metrics file that a profile's run leaves."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, values):
        (folder / f"{name}.json").write_text(json.dumps(values))

    write("understanding-plain", without_head(retrieval("understanding-plain", languages, 60.5, 8.0)))
    for kind, others in (("query", 12.0), ("query-context", 51.0)):
        write(f"mild-{kind}", retrieval(f"mild-{kind}", languages, others + 9, others) | {"reads": kind})
    for step, setting in enumerate(SETTINGS):
        found = retrieval(f"retrieval-{setting}", languages, 58.0 + step, 31.0 + 4 * step)
        write(f"retrieval-{setting}", without_head(found) if setting == "none" else found)
        write(f"captioning-{setting}", captioning(f"captioning-{setting}", languages, image_ids, texts, 3.5 + step))
        write(f"translation-{setting}", translation(f"translation-{setting}", languages, texts, 11.0 + step))
        write(f"entailment-{setting}", entailment(f"entailment-{setting}", languages, 40.25 + step))
        write(f"headlines-{setting}", headlines(f"headlines-{setting}", languages, texts, 7.5 + step))
    write("detector", {"task": "detector", "mAP": 0.61, "AP50": float("nan"), "images": 60})


def head(task, checkpoint):
    return {
        "task": task, "checkpoint": checkpoint, "split": "test", "seed": 7, "weights": "best on val", "resamples": 1000,
        "interval_level": 0.95,
    }  # fmt: skip


def around(value):
    return [round(value - 1.25, 2), round(value + 1.25, 2)]


def recalls(mean_recall, captions, images=100):
    each = {"R@1": mean_recall - 5, "R@5": mean_recall, "R@10": mean_recall + 5}
    return {
        "mR": mean_recall, "mR_interval": around(mean_recall), "image_to_text": each, "text_to_image": each,
        "captions": captions, "images": images, "chance": 5.33,
    }  # fmt: skip


def retrieval(checkpoint, languages, english, others):
    unique = {lang: recalls(others + number, 100) for number, lang in enumerate(languages[1:])}
    return head("retrieval", checkpoint) | {
        "images": 100, "images_sampled": False, "captions_per_image": "all",
        "ties": "stable hash of the candidate's id",
        "protocols": {
            "unique": {languages[0]: recalls(english, 500)} | unique,
            "five_duplicated": {lang: recalls(others - 1, 100) for lang in languages[1:]},
        },
        "averages": {"unique": {"non_english": others + 3.5, "all": 40.0}},
        "shortlist": {
            "depth": 20,
            "languages": {
                lang: recalls(others - 0.125, 100)
                | {"exact_mR": others, "difference": 0.12, "joint_passes": 400, "exact_passes": 10_000}
                for lang in languages
            },
            "joint_passes": 3600, "exact_passes": 90_000, "largest_difference": 0.12,
        },
    }  # fmt: skip


def without_head(metrics):
    """As of a network that has no contrastive head, and thus no shortlist."""
    return {name: value for name, value in metrics.items() if name != "shortlist"}


def captioning(checkpoint, languages, image_ids, texts, bleu):
    return head("captioning", checkpoint) | {
        "images": 100, "beam": 10, "length_penalty": 1.0, "languages_left_out": [],
        "languages": {
            lang: {
                "BLEU-4": bleu + number, "BLEU-4_interval": around(bleu + number), "CIDEr": 3 * bleu + number,
                "CIDEr_interval": around(3 * bleu + number), "items": 100, "references": 500, "empty": number,
                "tokenizer": "characters" if lang in TOKENIZERS else "ptb-like",
            }
            for number, lang in enumerate(languages)
        },
        "samples": [
            {
                "image_id": image_id, "language": lang, "reference": texts[lang],
                "generated": EVIL if image_id == EVIL else texts[lang],
            }
            for image_id in image_ids
            for lang in languages
        ],
    }  # fmt: skip


def bleu_of(value, lang, empty=0):
    return {
        "BLEU-4": value, "BLEU-4_interval": around(value), "items": 100, "empty": empty,
        "tokenizer": TOKENIZERS.get(lang, "13a"), "signature": SIGNATURE, "in_language": 0.965,
        "references_in_language": 0.98,
    }  # fmt: skip


def translation(checkpoint, languages, texts, bleu):
    directions = [(one, other) for lang in languages[1:] for one, other in (("en", lang), (lang, "en"))]
    return head("translation", checkpoint) | {
        "images": 100, "rows_left_out": {"picture_without_regions": 2}, "beam": 10, "languages_left_out": [],
        "directions": {
            f"{source}-{target}": bleu_of(bleu + place, target) for place, (source, target) in enumerate(directions)
        },
        "samples": [
            {
                "direction": f"{source}-{target}", "source": texts[source], "reference": texts[target],
                "generated": EVIL_ATTRIBUTE if setting == 0 else f"{texts[target]} {setting}",
            }
            for source, target in directions
            for setting in range(2)
        ],
    }  # fmt: skip


def entailment(checkpoint, languages, accuracy):
    def confusion(place):
        return {
            true: {label: 90 - place if label == true else 5 + place * (label == LABELS[-1]) for label in LABELS}
            for true in LABELS
        }

    return head("entailment", checkpoint) | {
        "labels": list(LABELS),
        "languages": {
            lang: {
                "accuracy": accuracy + place, "accuracy_interval": around(accuracy + place), "items": 300,
                "chance": 33.33, "confusion": confusion(place),
            }
            for place, lang in enumerate(languages)
        },
        "averages": {"all": accuracy + 4},
    }  # fmt: skip


def headlines(checkpoint, languages, texts, bleu):
    return head("headlines", checkpoint) | {
        "beam": 10,
        "languages": {lang: bleu_of(bleu + place, lang, empty=2) for place, lang in enumerate(languages)},
        "samples": [
            {
                "language": lang, "source": f"{texts[lang]}. {EVIL}", "reference": texts[lang],
                "generated": f"{checkpoint} | {EVIL} `{texts[lang]}`",
            }
            for lang in languages
        ],
    }  # fmt: skip
