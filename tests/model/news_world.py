"""Sentences and news of the small world, as files: what translation and headlines read."""

from pathlib import Path

import torch
from task_world import FRAMES, THINGS, split_of, things_of

from model import checkpoint
from model.config import NetworkConfig
from model.data import Texts, encode
from model.network import build
from model.spelling import learn_spelling
from model.tokenizer import Tokenizer

PICTURES = {"train": range(60), "test": range(60, 72)}
TITLES = {"en": "there is a {} here", "de": "hier sind {} zu sehen", "zh": "这里有{}"}


def sentence(picture: int, lang: str) -> str:
    return FRAMES[lang].format(*[THINGS[lang][thing] for thing in things_of(picture)])


def title(picture: int, lang: str) -> str:
    return TITLES[lang].format(THINGS[lang][things_of(picture)[0]])


def write_sentences(folder: Path, languages=("en", "de", "zh")) -> Path:
    """What a picture shows, a line a picture, in several languages."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, pictures in PICTURES.items():
        assert {split_of(picture) for picture in pictures} == {split}
        write_lines(folder / f"{split}.images.txt", [f"p{picture:03d}" for picture in pictures])
        for lang in languages:
            write_lines(folder / f"{split}.{lang}.txt", [sentence(picture, lang) for picture in pictures])
    return folder


def write_news(folder: Path, languages=("en", "de", "zh")) -> Path:
    """Bodies that name two things and headlines that name the first."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, pictures in PICTURES.items():
        for lang in languages:
            rows = [f"{title(picture, lang)}\t{sentence(picture, lang)}" for picture in pictures]
            write_lines(folder / f"{split}.{lang}.tsv", ["headline\tbody", *rows])
    return folder


def write_lines(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def plain_text(tokenizer: Tokenizer, languages=("en", "de", "zh")) -> Texts:
    """The training sentences, as pre-training reads plain text."""
    found = [(lang, f"{lang}-{n}", sentence(n, lang)) for lang in languages for n in PICTURES["train"]]
    tokens = [encode(tokenizer, text, 32) for _, _, text in found]
    return Texts(
        tokens, [lang for lang, _, _ in found], torch.full((len(found),), -1).numpy(), [k for _, k, _ in found]
    )


def write_spelling_checkpoint(folder: Path, tokenizer: Path, languages=("en", "de", "zh")) -> Path:
    """An untrained generation network that knows how languages are written, of those that are named."""
    torch.manual_seed(3)
    pieces = Tokenizer(tokenizer)
    network = build(
        NetworkConfig(
            network="generation", layers=2, width=32, heads=4, dropout=0.0, vocabulary=pieces.vocabulary,
            languages=("de", "en", "zh"), feature_dim=8, object_classes=tuple(THINGS["en"]), max_text_length=32,
            feature_scaling="unit", spelling=True,
        )
    )  # fmt: skip
    learn_spelling(network, pieces, [plain_text(pieces, languages)])
    checkpoint.save(folder, network, tokenizer, {"stage": "test"})
    return folder
