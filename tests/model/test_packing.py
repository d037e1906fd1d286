"""A batch without its padding gives what the padded one gives."""

import pytest
import torch

from model.config import NetworkConfig
from model.network import GenerationNetwork, Regions, UnderstandingNetwork, build
from model.packing import Blocks, Packing, attend
from model.tokenizer import BOS, EOS, PAD

torch.set_num_threads(1)
LENGTHS, REGIONS = [9, 3, 5, 5, 9, 2, 7], [4, 6, 1, 6, 4, 3, 6]  # of seven samples, some alike in one or in both


def config(kind: str) -> NetworkConfig:
    return NetworkConfig(kind, 3, 32, 4, 0.0, 50, ("de", "en"), 6, ("cup", "car", "cat"), 16, "unit")


def real(counts: list[int]) -> torch.Tensor:
    return torch.arange(max(counts)) < torch.tensor(counts)[:, None]


def tokens(lengths: list[int] = LENGTHS) -> torch.Tensor:
    ids = torch.randint(5, 50, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(1))
    ids[:, 0] = BOS
    ids[torch.arange(len(lengths)), torch.tensor(lengths) - 1] = EOS
    return ids.masked_fill(~real(lengths), PAD)


def regions() -> Regions:
    draw, mask = torch.Generator().manual_seed(0), real(REGIONS)
    shape = tuple(mask.shape)
    return Regions(
        torch.randn(*shape, 6, generator=draw), torch.rand(*shape, 5, generator=draw), mask, torch.zeros(shape).long()
    )


def both_ways(kind, outputs):
    """What a network gives padded and packed, and the gradients of all its parameters."""
    torch.manual_seed(0)
    network = build(config(kind)).double()
    found = []
    for packs in (False, True):
        network.packs = packs
        network.zero_grad(set_to_none=True)
        output = outputs(network)
        weights = torch.linspace(-1, 1, output.numel(), dtype=torch.float64).view_as(output)
        (output * weights).sum().backward()
        gradients = {name: one.grad.clone() for name, one in network.named_parameters() if one.grad is not None}
        found.append((output.detach(), gradients))
    return found


def as_double(given: Regions) -> Regions:
    return Regions(given.features.double(), given.locations.double(), given.mask, given.object_ids)


@pytest.mark.parametrize("first", [None, 1, max(LENGTHS), max(LENGTHS) + 2])
def test_the_joint_input_gives_the_same_packed_and_padded(first):
    mask = torch.cat([real(LENGTHS), real(REGIONS)], dim=1)[:, :first]

    def outputs(network: UnderstandingNetwork) -> torch.Tensor:
        return network.joint(tokens(), as_double(regions()), first=first)[mask]

    (padded, of_padded), (packed, of_packed) = both_ways("understanding", outputs)
    torch.testing.assert_close(packed, padded)
    assert of_padded.keys() == of_packed.keys()
    torch.testing.assert_close(of_packed, of_padded)
    assert of_packed["layers.0.self_attention.key.weight"].abs().max() > 0  # so that the comparison says something


def test_text_alone_gives_the_same():
    (padded, of_padded), (packed, of_packed) = both_ways(
        "understanding", lambda network: network.text(tokens())[real(LENGTHS)]
    )
    torch.testing.assert_close(packed, padded)
    torch.testing.assert_close(of_packed, of_padded)


@pytest.mark.parametrize("sees", ["text", "regions"])
def test_encoder_and_decoder_give_the_same(sees):
    languages, noised = torch.tensor([0, 1, 0, 1, 0, 1, 0]), tokens([4, 9, 2, 5, 5, 3, 3])

    def outputs(network: GenerationNetwork) -> torch.Tensor:
        memory = (
            network.encode_text(noised, languages) if sees == "text" else network.encode_regions(as_double(regions()))
        )
        return network.decode(tokens(), languages, *memory)[real(LENGTHS)]

    (padded, of_padded), (packed, of_packed) = both_ways("generation", outputs)
    torch.testing.assert_close(packed, padded)
    torch.testing.assert_close(of_packed, of_padded)
    assert of_packed["layers.2.cross_attention.key.weight"].abs().max() > 0


def test_packed_positions_come_back_to_their_places():
    mask = real(LENGTHS)
    numbered = torch.arange(mask.numel()).view_as(mask)[..., None].double()
    packing = Packing.of(mask)
    assert packing.pack(numbered).shape == (int(mask.sum()), 1)
    torch.testing.assert_close(packing.unpack(packing.pack(numbered)), numbered * mask[..., None])
    assert [(block.samples, block.length) for block in packing.blocks] == [(1, 2), (1, 3), (2, 5), (1, 7), (2, 9)]


@pytest.mark.parametrize("kind", ["understanding", "generation"])
def test_an_empty_batch_has_gradients_of_nothing_for_the_same_weights(kind):
    """Of several processes one may get no sample: it takes part in the others' sums with zeros."""

    def outputs(network) -> torch.Tensor:
        some = slice(0, 0) if outputs.empty else slice(None)
        if kind == "understanding":
            return network.joint(tokens()[some], as_double(regions()[some]))
        memory, mask = network.encode_regions(as_double(regions()[some]))
        return network.decode(tokens()[some], torch.zeros(len(memory), dtype=torch.long), memory, mask)

    outputs.empty = False
    _, (_, of_all) = both_ways(kind, outputs)
    outputs.empty = True
    _, (_, of_none) = both_ways(kind, outputs)
    assert of_none.keys() == of_all.keys()
    assert all(gradient.abs().max() == 0 for gradient in of_none.values())


def test_samples_of_which_nothing_is_asked_stand_in_nobodys_way():
    blocks = Blocks.of([0, 3, 0], [5, 7, 2], torch.device("cpu"))
    assert blocks.asking_starts_S.tolist() == [0, 0, 3, 3] and blocks.starts_S.tolist() == [0, 5, 12, 14]
    query, key, value = (torch.randn(count, 2, 4) for count in (3, 14, 14))
    alone = attend(query, key[5:12], value[5:12], Blocks.of([3], [7], torch.device("cpu")), False, 0.0)
    torch.testing.assert_close(attend(query, key, value, blocks, False, 0.0), alone)


def test_no_padding_is_computed():
    torch.manual_seed(0)
    network, seen = build(config("understanding")), []
    for layer in network.layers:
        layer.expand.register_forward_hook(lambda module, given, out: seen.append(tuple(out.shape[:-1])))
    network.joint(tokens(), regions(), first=max(LENGTHS))
    everything = sum(LENGTHS) + sum(REGIONS)
    assert seen == [(everything,), (everything,), (sum(LENGTHS),)]  # the last layer, for the words alone


def test_dropout_falls_on_packed_attention_in_training_alone():
    network = build(NetworkConfig("understanding", 1, 32, 4, 0.5, 50, ("en",), 6, ("cup",), 16, "unit"))
    attention = network.layers[0].self_attention
    packing, x_ND = Packing.of(real(LENGTHS)), torch.randn(sum(LENGTHS), 32)
    trained = [attention.train().packed(x_ND, x_ND, packing.blocks) for _ in range(2)]
    assert not torch.allclose(*trained)
    evaluated = [attention.eval().packed(x_ND, x_ND, packing.blocks) for _ in range(2)]
    torch.testing.assert_close(*evaluated)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="half precision on a GPU")
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("first", [None, 1])
def test_on_a_gpu_all_samples_at_once_attend_as_each_length_by_itself(causal, first):
    torch.manual_seed(0)
    packing = Packing.of(real(LENGTHS * 5), first)
    blocks = packing.blocks if first is None else packing.asking_blocks
    asking, asked = (sum(block.samples * size for block, size in zip(blocks, sizes, strict=True)) for sizes in (
        [block.asking for block in blocks], [block.length for block in blocks],
    ))  # fmt: skip
    drawn = [torch.randn(count, 4, 32) for count in (asking, asked, asked)]
    found = []
    for device, kind in (("cpu", torch.float32), ("cuda", torch.bfloat16)):
        given = [one.clone().to(device, kind).requires_grad_() for one in drawn]
        there = Packing.of(real(LENGTHS * 5).to(device), first)
        out = attend(*given, there.blocks if first is None else there.asking_blocks, causal and first is None, 0.0)
        out.float().square().sum().backward()
        found.append([one.float().cpu() for one in (out, *(one.grad for one in given))])
    for by_length, at_once in zip(*found, strict=True):
        torch.testing.assert_close(at_once, by_length, rtol=0.05, atol=0.05)
