"""Evaluation on a split, in every language that it has: retrieval or captioning, as the checkpoint is.

python -m model.evaluate --checkpoint DIR --captions DIR --regions DIR --out METRICS.json
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from contract.command import Call, PathOption, run_stage
from contract.device import choose_device
from contract.outputs import METRICS
from model import checkpoint, retrieval_metrics
from model.caption_metrics import bleu4, cider
from model.caption_tokens import caption_tokens, tokenizer_name
from model.captioning import BeamSearch, caption_pictures
from model.data import encode
from model.network import GenerationNetwork, UnderstandingNetwork
from model.regions import RegionStore
from model.retrieval import score_all_pairs
from model.retrieval_metrics import FIVE_DUPLICATED, UNIQUE
from model.task_config import EvaluateConfig
from model.task_data import Caption, Captions, read_regions, read_split, sample_images
from model.tokenizer import Tokenizer


def evaluate(call: Call[EvaluateConfig]) -> None:
    """The stage: loads the checkpoint, evaluates it, writes the metrics.

    Raises:
        InputError: where captions or regions are not what the checkpoint needs.
    """
    loaded = checkpoint.load(call.path("checkpoint"), choose_device(call.config.device))
    store = read_regions(call.path("regions"), loaded.network.config)
    split = read_split(call.path("captions"), store, call.config.split, call.config.languages)
    images = sample_images(split.images(), call.config.max_images)
    split = split.of_images(images)
    head = {
        "checkpoint": call.path("checkpoint").name, "split": call.config.split, "images": len(images),
        "images_sampled": bool(call.config.max_images) and len(images) == call.config.max_images,
        "captions_skipped_without_regions": split.without_regions, "seed": call.seed,
    }  # fmt: skip
    if isinstance(loaded.network, GenerationNetwork):
        metrics = (
            {"task": "captioning"} | head | captioning(loaded.network, loaded.tokenizer, store, split, call.config)
        )
    else:
        metrics = {"task": "retrieval"} | head | retrieval(loaded.network, loaded.tokenizer, store, split, call.config)
    out = call.path("out")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(metrics, indent=2, ensure_ascii=False) + "\n")


def retrieval(
    network: UnderstandingNetwork, tokenizer: Tokenizer, store: RegionStore, split: Captions, config: EvaluateConfig
) -> dict[str, Any]:
    """Mean recall and its parts by protocol and language, exact over all pairs.

    Within a language, the candidates are the pictures that have a caption in it, and all of these captions.
    """
    chosen = {lang: _first(several, config.captions_per_image) for lang, several in split.by_language.items()}
    captions = [caption for several in chosen.values() for caption in several]
    images = split.images()
    longest = network.config.max_text_length
    tokens = [encode(tokenizer, caption.text, longest) for caption in captions]
    scores = score_all_pairs(network, tokens, store, [store.row_of[one] for one in images], config.tokens_per_batch)
    print(
        f"evaluate: {len(captions):,} captions × {len(images):,} pictures, {scores.pairs_per_second:,.0f} pairs/s "
        f"on {network.device}."
    )
    protocols: dict[str, dict[str, Any]] = {UNIQUE: {}, FIVE_DUPLICATED: {}}
    column_of = {image_id: column for column, image_id in enumerate(images)}
    start = 0
    for lang, several in chosen.items():
        own = sorted({caption.image_id for caption in several})
        place = {image_id: position for position, image_id in enumerate(own)}
        found = retrieval_metrics.ranks(
            scores.matrix[start : start + len(several)][:, [column_of[one] for one in own]],
            [caption.caption_id for caption in several], own, [place[caption.image_id] for caption in several],
        )  # fmt: skip
        protocols[UNIQUE][lang] = retrieval_metrics.measured(found)
        if len(several) == len(own):
            protocols[FIVE_DUPLICATED][lang] = retrieval_metrics.measured(retrieval_metrics.duplicated(found))
        start += len(several)
    for lang, measured in protocols[UNIQUE].items():
        print(f"  {lang}: mR {measured['mR']:.2f} ({measured['captions']} captions, {measured['images']} pictures)")
    return {
        "captions_per_image": config.captions_per_image or "all", "ties": "stable hash of the candidate's id",
        "protocols": protocols, "averages": {UNIQUE: retrieval_metrics.averages(protocols[UNIQUE])},
    }  # fmt: skip


def _first(captions: list[Caption], per_image: int) -> list[Caption]:
    """The first captions of each picture; all where ``per_image`` is 0. They are sorted by picture already."""
    if not per_image:
        return captions
    taken: dict[str, int] = {}
    kept = []
    for caption in captions:
        taken[caption.image_id] = taken.get(caption.image_id, 0) + 1
        if taken[caption.image_id] <= per_image:
            kept.append(caption)
    return kept


def captioning(
    network: GenerationNetwork, tokenizer: Tokenizer, store: RegionStore, split: Captions, config: EvaluateConfig
) -> dict[str, Any]:
    """BLEU-4 and CIDEr by language against all of a picture's captions, and some captions to look at."""
    unknown = [lang for lang in split.by_language if lang not in network.config.languages]
    if unknown:
        print(f"evaluate: the checkpoint has no embedding for {', '.join(unknown)}: left out.")
    how = BeamSearch(config.beam, config.length_penalty, config.max_caption_length)
    languages: dict[str, dict[str, Any]] = {}
    samples: list[dict[str, str]] = []
    for lang, several in split.by_language.items():
        if lang in unknown:
            continue
        references: dict[str, list[str]] = {}
        for caption in several:
            references.setdefault(caption.image_id, []).append(caption.text)
        rows = [store.row_of[image_id] for image_id in references]
        start = time.monotonic()
        generated = caption_pictures(network, tokenizer, store, rows, lang, how, config.images_per_batch)
        languages[lang] = _measured(generated, list(references.values()), lang)
        print(f"  {lang}: BLEU-4 {languages[lang]['BLEU-4']:.2f}, CIDEr {languages[lang]['CIDEr']:.2f} "
              f"({len(rows)} pictures, {len(rows) / (time.monotonic() - start):,.1f} pictures/s)")  # fmt: skip
        samples += [
            {"image_id": image_id, "language": lang, "reference": texts[0], "generated": text}
            for (image_id, texts), text in list(zip(references.items(), generated, strict=True))[: config.samples]
        ]
    return {
        "beam": config.beam, "length_penalty": config.length_penalty, "languages_left_out": unknown,
        "languages": languages, "samples": samples,
    }  # fmt: skip


def _measured(generated: list[str], references: list[list[str]], lang: str) -> dict[str, Any]:
    hypotheses = [caption_tokens(text, lang) for text in generated]
    targets = [[caption_tokens(text, lang) for text in several] for several in references]
    return {
        "BLEU-4": round(100 * bleu4(hypotheses, targets), 2),
        "CIDEr": round(100 * cider(hypotheses, targets), 2),
        "items": len(generated),
        "references": sum(map(len, references)),
        "empty": sum(not tokens for tokens in hypotheses),
        "tokenizer": tokenizer_name(lang),
    }


PATHS = (
    PathOption("checkpoint", "folder of an understanding or a generation checkpoint"),
    PathOption("captions", "dataset of captions"),
    PathOption("regions", "dataset of regions"),
    PathOption("out", "JSON file for the metrics", replaces=METRICS),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("evaluate", EvaluateConfig, PATHS, evaluate, "Evaluate a checkpoint, in every language.")


if __name__ == "__main__":
    sys.exit(main())
