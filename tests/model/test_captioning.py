import dataclasses
import itertools

import pytest
import torch
from task_world import enliven, world  # noqa: F401

from contract.errors import InputError
from model import checkpoint
from model.captioning import BeamSearch, caption_pictures, search
from model.regions import RegionStore
from model.tokenizer import BOS, EOS, PAD, UNK


@pytest.fixture(scope="module")
def loaded(world):  # noqa: F811
    found = checkpoint.load(world / "generation", torch.device("cpu"))
    enliven(found.network)
    return found


@pytest.fixture(scope="module")
def store(world):  # noqa: F811
    return RegionStore(world / "regions")


def encode(loaded, store, pictures):
    with torch.inference_mode():
        return loaded.network.encode_regions(store.batch(pictures))


@torch.inference_mode()
def log_probability(loaded, memory, mask, tokens) -> float:
    """Of a caption without ends and of its end, token by token through the whole decoder."""
    inputs, wanted = torch.tensor([[BOS, *tokens]]), torch.tensor([*tokens, EOS])
    hidden = loaded.network.decode(inputs, torch.tensor([1]), memory, mask)[0]
    return loaded.network.vocabulary(hidden).log_softmax(-1)[torch.arange(len(wanted)), wanted].sum().item()


@torch.inference_mode()
def greedy(loaded, memory, mask, longest) -> list[int]:
    tokens = [BOS]
    for length in range(longest):
        hidden = loaded.network.decode(torch.tensor([tokens]), torch.tensor([1]), memory, mask)[:, -1]
        logits = loaded.network.vocabulary(hidden)[0]
        logits[[BOS, PAD, UNK, loaded.tokenizer.mask] + ([EOS] if length == 0 else [])] = -torch.inf
        if (best := int(logits.argmax())) == EOS:
            break
        tokens.append(best)
    return tokens[1:]


def test_a_beam_of_one_is_greedy_decoding_without_its_cache(loaded, store):
    how = BeamSearch(beam=1, length_penalty=1.0, max_length=12)
    for picture in range(6):
        memory, mask = encode(loaded, store, [picture])
        assert search(loaded.network, memory, mask, 1, loaded.tokenizer.mask, how) == [
            greedy(loaded, memory, mask, how.max_length)
        ]


def test_a_wide_beam_finds_the_best_of_all_short_captions(loaded, store):
    memory, mask = encode(loaded, store, [4])
    # More hypotheses than there are captions of one token: nothing of two tokens is ever dropped.
    how = BeamSearch(beam=loaded.tokenizer.vocabulary // 2 - 1, length_penalty=0.0, max_length=2)
    (found,) = search(loaded.network, memory, mask, 1, loaded.tokenizer.mask, how)
    words = range(UNK + 1, loaded.tokenizer.mask)
    ended = max(log_probability(loaded, memory, mask, [word]) for word in words)
    with torch.inference_mode():
        languages = torch.ones(len(words), dtype=torch.long)
        everywhere = (languages, memory.expand(len(words), -1, -1), mask.expand(len(words), -1))
        hidden = loaded.network.decode(torch.tensor([[BOS, word] for word in words]), *everywhere)
        steps = loaded.network.vocabulary(hidden.flatten(0, 1)).log_softmax(-1).unflatten(0, (len(words), 2))
    cut = max(
        (steps[i, 0, w] + steps[i, 1, v]).item() for (i, w), v in itertools.product(enumerate(words), words)
    )  # captions of two tokens, cut before their end
    best = log_probability(loaded, memory, mask, found) if len(found) == 1 else None
    assert (best is not None and best == pytest.approx(max(ended, cut), abs=1e-4)) or (best is None and cut >= ended)


@pytest.mark.parametrize("beam", [1, 4])
def test_pictures_together_get_the_captions_that_they_get_alone(loaded, store, beam):
    how = BeamSearch(beam, 1.0, 10)
    pictures = list(range(20))
    together = caption_pictures(loaded.network, loaded.tokenizer, store, pictures, "de", how, 20)
    alone = caption_pictures(loaded.network, loaded.tokenizer, store, pictures, "de", how, 1)
    assert together == alone


def test_special_tokens_never_come_out_and_no_caption_is_empty_or_too_long(loaded, store):
    memory, mask = encode(loaded, store, range(12))
    for limit in (1, 2, 9):
        found = search(loaded.network, memory, mask, 0, loaded.tokenizer.mask, BeamSearch(3, 0.7, limit))
        assert all(1 <= len(tokens) <= limit for tokens in found)
        assert not {BOS, PAD, EOS, UNK, loaded.tokenizer.mask} & {token for tokens in found for token in tokens}


def test_a_longer_length_penalty_never_shortens(loaded, store):
    memory, mask = encode(loaded, store, range(12))
    lengths = [
        sum(map(len, search(loaded.network, memory, mask, 1, loaded.tokenizer.mask, BeamSearch(4, penalty, 12))))
        for penalty in (0.0, 2.0)
    ]
    assert lengths[0] <= lengths[1]


def test_the_limit_of_positions_holds_where_more_is_asked_for(loaded, store):
    how = dataclasses.replace(BeamSearch(1, 1.0, 10), max_length=10_000)
    assert len(caption_pictures(loaded.network, loaded.tokenizer, store, [0], "en", how, 1)) == 1


@pytest.mark.parametrize("beam", [1, 3])
def test_a_trained_network_says_what_it_was_taught_in_each_language(world, store, beam):  # noqa: F811
    from model.objectives import captioning_loss, next_tokens

    found = checkpoint.load(world / "generation", torch.device("cpu"))
    network, texts = found.network, {0: "ein Ball und ein Ring hier", 1: "a ball and a ring here"}
    tokens = {row: torch.tensor([[BOS, *found.tokenizer.encode(text), EOS]]) for row, text in texts.items()}
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(60):
        losses = [
            captioning_loss(network, store.batch([0]), one, torch.tensor([row]), next_tokens(one)).mean
            for row, one in tokens.items()
        ]
        optimiser.zero_grad()
        sum(losses).backward()
        optimiser.step()
    for row, lang in ((0, "de"), (1, "en")):
        said = caption_pictures(network, found.tokenizer, store, [0], lang, BeamSearch(beam, 1.0, 32), 4)
        assert said == [found.tokenizer.decode(found.tokenizer.encode(texts[row]))]


@pytest.mark.parametrize("beam", [1, 3])
def test_a_score_that_is_no_number_is_an_error_and_no_text(world, store, beam):  # noqa: F811
    opened = checkpoint.load(world / "generation", torch.device("cpu"))
    memory, mask = encode(opened, store, [0, 1])
    memory = memory.clone().index_fill(0, torch.tensor([1]), float("nan"))
    with pytest.raises(InputError, match=r"token 1 of number 2 of 2 texts(?s:.*)the checkpoint diverged"):
        search(opened.network, memory, mask, 1, opened.tokenizer.mask, BeamSearch(beam, 1.0, 8))
