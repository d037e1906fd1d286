"""Each of the ten objectives against its definition written out, and each learnt by heart by a small network."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from batch_world import LANGUAGES, PICTURES, TASKS, network_config, sources_of, tasks_of
from task_world import enliven, world  # noqa: F401
from torch import Tensor

from model import objectives
from model.data import Texts
from model.network import Regions, Transformer, build
from model.objectives import Asked, Places
from model.prepared import Captioned, MaskedCaptions, MaskedRegions, MaskedText, NoisedText, Pairs, Prepared
from model.tokenizer import BOS, EOS, PAD

BATCH = 6


@pytest.fixture(scope="module")
def sources(world):  # noqa: F811
    return sources_of(world)


def network_of(sources, task: str, layers: int, width: int) -> Transformer:
    torch.manual_seed(0)
    return build(network_config(sources, task, layers, width))


def in_doubles(batch: Prepared) -> Prepared:
    changed = {}
    if hasattr(batch, "regions"):
        changed["regions"] = replace(
            batch.regions, features=batch.regions.features.double(), locations=batch.regions.locations.double()
        )
    if isinstance(batch, Pairs):
        changed["matched_P"] = batch.matched_P.double()
    return replace(batch, **changed)


# The definitions: one text at a time, without padding, one position after the other, and no function of a loss


def minus_log_softmax(logits: Tensor, wanted: int) -> float:
    numbers = logits.tolist()
    return math.log(sum(math.exp(number) for number in numbers)) - numbers[wanted]


def real(tokens_T: Tensor) -> Tensor:
    """The tokens of one text, without padding, as a batch of one."""
    return tokens_T[tokens_T != PAD][None]


def regions_of(batch, row: int, features: Tensor | None = None) -> Regions:
    """The regions of one picture, without padding, as a batch of one."""
    count = int(batch.regions.mask[row].sum())
    one = Regions(*(getattr(batch.regions, name)[row : row + 1, :count] for name in vars(batch.regions)))
    return one if features is None else replace(one, features=features)


def unit(features_RF: Tensor) -> Tensor:
    """The scaling of these networks: unit length, times the root of the width."""
    rows = [[number / math.sqrt(sum(x * x for x in row)) for number in row] for row in features_RF.tolist()]
    return torch.tensor(rows, dtype=torch.float64) * math.sqrt(features_RF.shape[1])


def token_losses(network, hidden_TD: Tensor, asked: list[int], wanted: list[int]) -> list[float]:
    return [
        minus_log_softmax(network.vocabulary(hidden_TD[place][None])[0], want)
        for place, want in zip(asked, wanted, strict=True)
    ]


def masked_text(network, batch: MaskedText) -> list[float]:
    losses = []
    for row in range(len(batch.keys)):
        asked = [place for where, place in zip(batch.asked.rows_N, batch.asked.columns_N.tolist(), strict=True)
                 if where == row]  # fmt: skip
        seen, wanted = real(batch.seen_BT[row]), [int(batch.tokens_BT[row, place]) for place in asked]
        alone = not isinstance(batch, MaskedCaptions)
        hidden = network.text(seen) if alone else network.joint(seen, regions_of(batch, row))
        losses += token_losses(network, hidden[0], asked, wanted)
    return losses


def masked_regions(network, batch: MaskedRegions) -> list[float]:
    losses = []
    for row in range(len(batch.keys)):
        asked = batch.asked.columns_N[batch.asked.rows_N == row].tolist()
        tokens, regions = real(batch.tokens_BT[row]), regions_of(batch, row)
        true_RF = unit(regions.features[0])
        seen_RF = true_RF.clone()
        for place in range(len(seen_RF)):
            if batch.zeroed_BR[row, place]:
                seen_RF[place] = 0.0
        hidden_RD = network.joint(tokens, regions_of(batch, row, seen_RF[None]))[0, tokens.shape[1] :]
        for place in asked:
            guess, true = network.region_feature(hidden_RD[place]).tolist(), true_RF[place].tolist()
            squared = [(one - other) ** 2 for one, other in zip(guess, true, strict=True)]
            classes = network.class_logits(hidden_RD[place][None])[0]
            losses.append(sum(squared) / len(squared) + minus_log_softmax(classes, int(regions.object_ids[0, place])))
    return losses


def pairs(network, batch: Pairs) -> list[float]:
    losses = []
    for row, matched in enumerate(batch.matched_P.tolist()):
        logit = float(network.matching(real(batch.tokens_PT[row]), regions_of(batch, row))[0])
        chance = 1 / (1 + math.exp(-logit))
        losses.append(-math.log(chance if matched else 1 - chance))
    return losses


def next_tokens(network, batch: NoisedText | Captioned) -> list[float]:
    losses = []
    for row in range(len(batch.keys)):
        tokens, language = real(batch.tokens_BT[row]), batch.languages_B[row : row + 1]
        if isinstance(batch, NoisedText):
            memory = network.encode_text(real(batch.noised_BT[row]), language)
        else:
            regions = regions_of(batch, row)
            seen_RF = unit(regions.features[0])
            if batch.zeroed_BR is not None:
                seen_RF[batch.zeroed_BR[row, : len(seen_RF)]] = 0.0
            memory = network.encode_regions(regions_of(batch, row, seen_RF[None]))
        for place in range(tokens.shape[1] - 1):  # the decoder is run anew on what stands before each token
            hidden_TD = network.decode(tokens[:, : place + 1], language, *memory)[0]
            losses += token_losses(network, hidden_TD, [place], [int(tokens[0, place + 1])])
    return losses


LITERAL = {
    "xMLM": masked_text, "MMLM": masked_text, "MC-MLM": masked_text, "MRM": masked_regions, "MC-MRM": masked_regions,
    "VLM": pairs, "MC-VLM": pairs, "xDAE": next_tokens, "IC": next_tokens, "DIC": next_tokens,
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_a_loss_is_its_definition(sources, task):
    network = network_of(sources, task, 2, 32).double().eval()
    enliven(network)
    batch = in_doubles(tasks_of(sources, task, batch_size=BATCH, negatives=2).prepare(task, 1))
    with torch.no_grad():
        asked, literal = batch.loss(network), LITERAL[task](network, batch)
    assert asked.count == len(literal) > 0
    assert asked.total.dtype == torch.float64
    assert asked.total.item() == pytest.approx(sum(literal), rel=1e-9)
    assert asked.mean.item() == pytest.approx(sum(literal) / len(literal), rel=1e-9)
    assert max(literal) > 1.1 * min(literal), "so different that one could not stand for another"
    if task == "DIC":
        assert batch.zeroed_BR.any()
    if task in ("MRM", "MC-MRM"):
        assert batch.zeroed_BR.any() and not batch.zeroed_BR[~batch.regions.mask].any()


@pytest.mark.parametrize("task", ["xMLM", "MMLM", "MRM", "VLM", "xDAE", "IC"])
def test_gradients_are_those_of_the_sum(sources, task):
    """Along a random direction, the loss rises as its gradient says."""
    network = network_of(sources, task, 1, 16).double().eval()
    enliven(network)
    batch = in_doubles(tasks_of(sources, task, batch_size=3).prepare(task, 0))
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(batch.loss(network).total, parameters, allow_unused=True)
    torch.manual_seed(4)
    directions = [torch.randn_like(parameter) for parameter in parameters]
    slope = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True) if g is not None)
    ends = []
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter.add_(direction, alpha=step)
            ends.append(batch.loss(network).total.item())
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter.sub_(direction, alpha=step)
    assert float(slope) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4)


NOTHING = Places.where(torch.zeros(2, 5, dtype=torch.bool))


def test_where_nothing_is_asked_the_loss_is_zero_and_no_nan(sources):
    """As of pictures without regions, or texts without words."""
    network = network_of(sources, "MRM", 1, 32)
    tokens = torch.tensor([[0, 7, 2, PAD, PAD], [0, 2, PAD, PAD, PAD]])
    for count in (0, 3):
        shape = (2, count)
        regions = Regions(
            torch.zeros(*shape, 8), torch.zeros(*shape, 5), torch.zeros(shape, dtype=torch.bool),
            torch.zeros(shape, dtype=torch.long),
        )  # fmt: skip
        for asked in (
            objectives.masked_language_loss(network, tokens, tokens, NOTHING),
            objectives.multimodal_masked_language_loss(network, tokens, tokens, regions, NOTHING),
            objectives.masked_region_loss(network, tokens, regions, torch.zeros(shape, dtype=torch.bool), NOTHING),
        ):
            assert asked.count == 0 and asked.total.item() == 0 and asked.mean.item() == 0
            asked.mean.backward()
    assert all(torch.isfinite(one.grad).all() for one in network.parameters() if one.grad is not None)


def test_places_are_those_of_the_mask_and_of_the_rows_that_are_taken():
    mask = torch.rand(9, 7, generator=torch.Generator().manual_seed(0)) < 0.3
    values = torch.arange(63).view(9, 7)
    assert Places.where(mask).of(values).tolist() == values[mask].tolist()
    for rows in (torch.tensor([0, 3, 8]), torch.tensor([5]), torch.arange(9), torch.tensor([], dtype=torch.long)):
        assert Places.where(mask)[rows].of(values[rows]).tolist() == values[rows][mask[rows]].tolist()


def test_the_mean_divides_by_what_was_asked():
    assert Asked(torch.tensor(6.0), 4).mean == 1.5


# Learnt by heart. A uniform guess costs ln V ≈ 4.3 for a token, ln 2 ≈ 0.69 for a pair, 1 + ln 6 ≈ 2.8 for a region.
# xDAE asks for more than can be learnt: of some of the 32 sentences its noise leaves nothing that tells them apart.
BOUNDS = dict.fromkeys(TASKS, 0.05) | {"xDAE": 0.15}


@pytest.fixture(scope="module")
def unlike(sources):
    """Captions and sentences of random words, all of one length: a batch of 32 holds 32 different ones."""
    draw = np.random.default_rng(0)

    def random_words(texts: Texts) -> Texts:
        tokens = [np.array([BOS, *draw.integers(4, sources.tokenizer.mask, 10), EOS]) for _ in texts.tokens]
        return replace(texts, tokens=tokens)

    corpus = Texts([], [LANGUAGES[n % 3] for n in range(30_000)], np.full(30_000, -1), [str(n) for n in range(30_000)])
    corpus = replace(corpus, tokens=[np.empty(0)] * 30_000)
    captions, codeswitch = random_words(sources.captions), random_words(sources.codeswitch)
    return replace(sources, captions=captions, codeswitch=codeswitch, corpus=random_words(corpus))


@pytest.mark.parametrize("task", TASKS)
def test_a_small_network_learns_32_samples_by_heart(unlike, task, record_property):
    network = network_of(unlike, task, 2, 64).train()
    batch = tasks_of(unlike, task, batch_size=PICTURES).prepare(task, 0)
    assert len(set(batch.keys[:: batch.together])) == len(batch.keys) // batch.together == 32
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.0)
    first = loss = batch.loss(network).mean
    steps = 0
    while loss >= BOUNDS[task] and steps < 300:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        loss, steps = batch.loss(network).mean, steps + 1
    record_property(f"{task}: loss at first, at last, steps", f"{first:.3f}, {loss:.3f}, {steps}")
    assert first > 10 * BOUNDS[task]
    assert loss < BOUNDS[task]
