"""What must hold for the network whatever it has learnt."""

import dataclasses

import numpy as np
import pytest
import torch

from model.config import NetworkConfig
from model.network import GenerationNetwork, Regions, UnderstandingNetwork, build
from model.tokenizer import BOS, EOS, PAD

torch.set_num_threads(1)


def config(kind: str, scaling: str = "unit") -> NetworkConfig:
    return NetworkConfig(kind, 2, 32, 4, 0.0, 50, ("de", "en"), 6, ("cup", "car", "cat"), 16, scaling)


def regions(count: int = 3, batch: int = 2) -> Regions:
    generator = torch.Generator().manual_seed(0)
    return Regions(
        torch.randn(batch, count, 6, generator=generator), torch.rand(batch, count, 5, generator=generator),
        torch.ones(batch, count, dtype=torch.bool), torch.zeros(batch, count, dtype=torch.long),
    )  # fmt: skip


def with_padding(given: Regions, more: int) -> Regions:
    """The same regions with garbage behind them that the mask calls padding."""

    def longer(tensor: torch.Tensor, value: float) -> torch.Tensor:
        shape = (tensor.shape[0], more, *tensor.shape[2:])
        return torch.cat([tensor, torch.full(shape, value, dtype=tensor.dtype)], dim=1)

    return Regions(
        longer(given.features, 9.0), longer(given.locations, 9.0), longer(given.mask, 0), longer(given.object_ids, 1)
    )


TOKENS = torch.tensor([[BOS, 7, 8, 9, EOS], [BOS, 10, 11, EOS, PAD]])


@pytest.fixture
def understanding() -> UnderstandingNetwork:
    torch.manual_seed(0)
    return build(config("understanding")).eval()


@pytest.fixture
def generation() -> GenerationNetwork:
    torch.manual_seed(0)
    return build(config("generation")).eval()


def test_padding_of_text_and_regions_changes_no_score(understanding):
    plain = understanding.matching(TOKENS, regions())
    more_text = torch.cat([TOKENS, torch.full((2, 4), PAD)], dim=1)
    padded = understanding.matching_logits(understanding.joint(more_text, with_padding(regions(), 5)))
    torch.testing.assert_close(plain, padded)


def test_a_score_depends_on_text_regions_and_boxes(understanding):
    score = understanding.matching(TOKENS, regions())
    other_text = TOKENS.clone()
    other_text[:, 1] = 20
    moved = dataclasses.replace(regions(), locations=regions().locations + 0.5)
    other = dataclasses.replace(regions(), features=regions().features.flip(2))
    for tokens, seen in ((other_text, regions()), (TOKENS, moved), (TOKENS, other)):
        assert not torch.allclose(score, understanding.matching(tokens, seen))


def test_regions_have_no_order_and_words_have_one(understanding):
    score = understanding.matching(TOKENS, regions())
    turned = regions()
    turned = Regions(*(getattr(turned, field.name).flip(1) for field in dataclasses.fields(turned)))
    torch.testing.assert_close(score, understanding.matching(TOKENS, turned))
    swapped = TOKENS[:, [0, 2, 1, 3, 4]]
    assert not torch.allclose(score, understanding.matching(swapped, regions()))


def test_the_first_word_stands_at_xlm_rs_position_two(understanding):
    embedded = understanding.embeddings
    expected = embedded.text_norm(embedded.words.weight[BOS] + embedded.positions.weight[2])
    torch.testing.assert_close(embedded.text(TOKENS)[0, 0], expected)


@pytest.mark.parametrize("first", [1, TOKENS.shape[1]])
def test_asking_for_the_first_positions_alone_changes_neither_them_nor_their_gradients(understanding, first):
    whole = understanding.joint(TOKENS, regions())[:, :first]
    alone = understanding.joint(TOKENS, regions(), first=first)
    torch.testing.assert_close(alone, whole)
    some = torch.randn(whole.shape)
    parameters = [parameter for name, parameter in understanding.named_parameters() if name.startswith("layers")]
    of_whole, of_alone = (torch.autograd.grad((x * some).sum(), parameters) for x in (whole, alone))
    torch.testing.assert_close(of_alone, of_whole)
    assert all(gradient.abs().max() > 0 for gradient in of_alone[:2])  # so that the comparison says something


def test_scaled_features_forget_their_length_but_not_their_direction(understanding):
    features = regions().features
    torch.testing.assert_close(understanding.embeddings.scaled(features), understanding.embeddings.scaled(features * 7))


def test_standard_features_have_mean_zero_and_spread_one_and_are_saved_so():
    features = [np.random.default_rng(row).normal(7, 3, (5, 6)).astype(np.float16) for row in range(40)]
    network = build(config("understanding", "standard"))
    network.embeddings.measure(features)
    scaled = network.embeddings.scaled(torch.from_numpy(np.concatenate(features).astype(np.float32)))
    torch.testing.assert_close(scaled.mean(dim=0), torch.zeros(6), atol=0.02, rtol=0)
    torch.testing.assert_close(scaled.std(dim=0), torch.ones(6), atol=0.02, rtol=0)
    again = build(config("understanding", "standard"))
    again.load_state_dict(network.state_dict())
    torch.testing.assert_close(again.embeddings.scaled(torch.ones(1, 6)), network.embeddings.scaled(torch.ones(1, 6)))


def test_the_decoder_sees_no_later_word(generation):
    languages = torch.tensor([0, 1])
    memory, mask = generation.encode_regions(regions())
    before = generation.decode(TOKENS, languages, memory, mask)
    later = TOKENS.clone()
    later[:, 3:] = 30
    after = generation.decode(later, languages, memory, mask)
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_generation_depends_on_language_and_picture(generation):
    memory, mask = generation.encode_regions(regions())
    english = generation.decode(TOKENS, torch.tensor([1, 1]), memory, mask)
    german = generation.decode(TOKENS, torch.tensor([0, 0]), memory, mask)
    assert not torch.allclose(english, german)
    other, _ = generation.encode_regions(dataclasses.replace(regions(), features=-regions().features))
    assert not torch.allclose(english, generation.decode(TOKENS, torch.tensor([1, 1]), other, mask))


def test_padded_regions_change_no_decoded_word(generation):
    languages = torch.tensor([0, 1])
    plain = generation.decode(TOKENS, languages, *generation.encode_regions(regions()))
    padded = generation.decode(TOKENS, languages, *generation.encode_regions(with_padding(regions(), 4)))
    torch.testing.assert_close(plain, padded)


def test_encoder_and_decoder_share_all_but_cross_attention(generation):
    memory, mask = generation.encode_text(TOKENS, torch.tensor([0, 1]))
    generation.decode(TOKENS, torch.tensor([0, 1]), memory.detach(), mask).sum().backward()
    decoder = {name for name, parameter in generation.named_parameters() if parameter.grad is not None}
    generation.zero_grad(set_to_none=True)
    generation.encode_text(TOKENS, torch.tensor([0, 1]))[0].sum().backward()
    encoder = {name for name, parameter in generation.named_parameters() if parameter.grad is not None}
    assert encoder < decoder
    assert {name.split(".")[2] for name in decoder - encoder} == {"cross_attention", "cross_norm"}


def test_the_word_embedding_is_saved_once(understanding):
    shapes = [name for name, tensor in understanding.state_dict().items() if tuple(tensor.shape) == (50, 32)]
    assert shapes == ["embeddings.words.weight"]
