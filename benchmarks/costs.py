"""Sizes and costs of the paper's data, computed from rates that were measured: the tables of docs/costs.md.

    python benchmarks/costs.py

Measures nothing itself. A rate that changes is changed here, the output goes between the marks of docs/costs.md, and
tests/pipelines/test_costs.py holds the one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

REGION_BYTES = 2048 * 2 + 4 * 4 + 8  # features float16, box float32, class and its probability
UNDERSTANDING, GENERATION = 283_600_000, 308_000_000  # weights at base size, 250,002 ids, 1600 classes, 101 languages
IMAGES_ROW, CAPTIONS_ROW, SWITCHED_ROW, SENTENCES_ROW, TOKENS_ROW = 50.6, 28.2, 52.1, 83.0, 108.0  # bytes
VARIANTS, BATCH, STEPS = 4, 1024, 100_000
COUNTS = 36, 68, 100  # regions a picture: a fixed number, the mean of 36 to 100, and the most

INGEST = 181.0  # pictures/s
DETECTOR = 2.66
SWITCH = 191_600.0  # variants/s
CORPUS, TOKENISE = 18_200.0, 31_250.0  # sentences/s
TRIPLES = 36_000.0  # rows of the log/s
COPY = 10.0  # GB/s of features in batches
TASKS = {"xMLM": 12_650.0, "MMLM": 6_820.0, "MRM": 7_160.0, "VLM": 7_740.0}  # samples/s
BEFORE = {"MC-MLM": "MMLM", "MC-MRM": "MRM", "MC-VLM": "VLM"}  # the same computation on other words


@dataclass(frozen=True)
class Pictures:
    """A data set of pictures with English captions.

    Attributes:
        name: what it is called.
        pictures: how many.
        captions: English ones of all pictures.
    """

    name: str
    pictures: int
    captions: int


DATA = (
    Pictures("Multi30K", 31_014, 155_070),
    Pictures("MSCOCO", 123_287, 616_767),
    Pictures("Conceptual Captions", 3_300_000, 3_300_000),
)


def main() -> None:
    """Prints the tables as Markdown."""
    print(table(["", *(one.name for one in DATA)], [
        ["pictures", *(f"{one.pictures:,}" for one in DATA)],
        ["English captions", *(f"{one.captions:,}" for one in DATA)],
        ["`images`, without the pictures", *(size(one.pictures * IMAGES_ROW) for one in DATA)],
        ["`captions`", *(size(one.captions * CAPTIONS_ROW) for one in DATA)],
        [f"`codeswitch`, {VARIANTS} variants", *(size(one.captions * VARIANTS * SWITCHED_ROW) for one in DATA)],
        *([f"`regions`, {n} a picture", *(size(one.pictures * n * REGION_BYTES) for one in DATA)] for n in COUNTS),
        ["`ingest`, two CPU cores", *(duration(one.pictures / INGEST) for one in DATA)],
        ["`regions`, ResNet-50 at 320 px, two CPU cores", *(duration(one.pictures / DETECTOR) for one in DATA)],
        ["the same in a day needs, pictures/s", *(f"{one.pictures / 86_400:,.1f}" for one in DATA)],
        [f"`codeswitch`, {VARIANTS} variants, one CPU core",
         *(duration(one.captions * VARIANTS / SWITCH) for one in DATA)],
        ["a pass of MMLM over the captions, one H100", *(duration(one.captions / TASKS["MMLM"]) for one in DATA)],
    ]))  # fmt: skip
    print(table(["a million sentences of plain text", ""], [
        ["`corpus`", size(1e6 * SENTENCES_ROW)],
        ["`corpus`, two CPU cores", duration(1e6 / CORPUS)],
        ["tokens, kept on the disk", size(1e6 * TOKENS_ROW)],
        ["tokenising, one CPU core", duration(1e6 / TOKENISE)],
        ["a pass of xMLM, one H100", duration(1e6 / TASKS["xMLM"])],
    ]))  # fmt: skip
    step, hungry = step_seconds(), TASKS["VLM"] * COUNTS[1] * REGION_BYTES / 1e9
    print(table(["pre-training of the understanding network, one H100", ""], [
        [f"a step of {BATCH:,} captions, mean of the seven tasks", f"{1000 * step:,.0f} ms"],
        [f"{STEPS:,} steps", duration(STEPS * step)],
        ["features that VLM reads meanwhile, 68 regions a picture", f"{hungry:.1f} GB/s"],
        ["copied by one CPU core from the page cache", f"{COPY:.1f} GB/s"],
        ["checkpoint", size(4 * UNDERSTANDING)],
        ["a state to go on from", size(12 * UNDERSTANDING)],
        ["checkpoint of the generation network", size(4 * GENERATION)],
    ]))  # fmt: skip
    print(table(["retrieval, English", "all pairs", "one H100, at most", "pairs with a shortlist of 40"], [
        retrieval("Multi30K: 1,000 pictures, 5,000 captions", 1_000, 5_000),
        retrieval("MSCOCO 1k: five folds of 1,000", 1_000, 5_000, folds=5),
        retrieval("MSCOCO 5k: 5,000 pictures, 25,010 captions", 5_000, 25_010),
    ]))  # fmt: skip
    print(
        table(["search log", ""], [[f"{n} million rows, two CPU cores", duration(n * 1e6 / TRIPLES)] for n in (1, 40)])
    )


def step_seconds() -> float:
    """Seconds of a step, a mean over the seven tasks; matching reads a mismatched pair beside each true one."""
    seconds = []
    for task in (*TASKS, *BEFORE):
        plain = BEFORE.get(task, task)
        seconds.append(BATCH * (2 if plain == "VLM" else 1) / TASKS[plain])
    return sum(seconds) / len(seconds)


def retrieval(what: str, pictures: int, captions: int, folds: int = 1) -> list[str]:
    """A row: pairs, the time of as many pairs in training, which does more with each, and a shortlist's pairs."""
    pairs, shortlisted = folds * pictures * captions, folds * 40 * (pictures + captions)
    return [what, f"{pairs:,}", duration(pairs / TASKS["VLM"]), f"{shortlisted:,}"]


def size(number: float) -> str:
    """Bytes, for people; units of a thousand."""
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= one:
            return f"{number / one:.3g} {unit}"
    return f"{number / 1e3:.3g} kB"


def duration(seconds: float) -> str:
    """Seconds, for people."""
    for unit, one in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * one:
            return f"{seconds / one:.2g} {unit}" if seconds < 100 * one else f"{seconds / one:,.0f} {unit}"
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, and an empty line."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines).replace("|  |", "| |") + "\n"


if __name__ == "__main__":
    main()
