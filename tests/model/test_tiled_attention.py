"""Attention in tiles equals PyTorch's: on a GPU where there is one, else through Triton's interpreter (conftest)."""

import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from model import tiled_attention
from model.tiled_attention import attend_in_tiles

GPU = torch.cuda.is_available()
if not GPU and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("no GPU, and Triton's interpreter was not asked for in time", allow_module_level=True)
DEVICE, KIND, NEAR = ("cuda", torch.bfloat16, 0.05) if GPU else ("cpu", torch.float32, 1e-5)
HEADS, WIDTH = 2, 16
SHORT, LONG = [5, 33, 1, 40], [70, 129, 1, 64, 200]
CASES = {
    "short samples": (SHORT, SHORT), "long samples": (LONG, LONG), "few that ask": ([1] * 5, LONG),
    "many that ask of few": (LONG, [3, 1, 40, 2, 17]),
}  # fmt: skip


def starts(lengths):
    return torch.tensor([0, *lengths]).cumsum(0).to(torch.int32).to(DEVICE)


def drawn(asking, lengths):
    torch.manual_seed(1)
    counts = (sum(asking), sum(lengths), sum(lengths))
    return [torch.randn(count, HEADS, WIDTH, dtype=KIND, device=DEVICE, requires_grad=True) for count in counts]


def one_by_one(given, asking, lengths, attend):
    parts = zip(*(one.split(sizes) for one, sizes in zip(given, (asking, lengths, lengths), strict=True)), strict=True)
    return torch.cat([attend(*(part.transpose(0, 1) for part in three)).transpose(0, 1) for three in parts])


@pytest.mark.parametrize(("case", "causal"), [*((case, False) for case in CASES), ("short samples", True),
                                              ("long samples", True)])  # fmt: skip
def test_samples_attend_as_each_by_itself(case, causal):
    asking, lengths = CASES[case]
    given = drawn(asking, lengths)
    plain = one_by_one(given, asking, lengths, lambda *three: F.scaled_dot_product_attention(*three, is_causal=causal))
    ours = attend_in_tiles(*given, starts(asking), starts(lengths), causal, 0.0)
    weight = torch.randn_like(plain)
    torch.testing.assert_close(ours, plain, rtol=NEAR, atol=NEAR)
    expected = torch.autograd.grad(plain, given, weight)
    torch.testing.assert_close(torch.autograd.grad(ours, given, weight), expected, rtol=NEAR, atol=NEAR)


def test_each_case_takes_tiles_of_its_own():
    taken = {tiled_attention._tiles(sum(asking), sum(lengths), len(asking)) for asking, lengths in CASES.values()}
    assert len(taken) == 3


def test_queries_keys_and_values_may_be_parts_of_one_tensor():
    given = drawn(SHORT, SHORT)
    side_by_side = torch.cat(given, dim=1).unflatten(1, (3, HEADS)).unbind(1)
    assert not side_by_side[0].is_contiguous()
    ours = attend_in_tiles(*side_by_side, starts(SHORT), starts(SHORT), False, 0.0)
    torch.testing.assert_close(ours, attend_in_tiles(*given, starts(SHORT), starts(SHORT), False, 0.0))


def test_where_nothing_is_to_be_attended_to_there_is_zero():
    asking, lengths = [2, 3], [0, 4]
    given = drawn(asking, lengths)
    out = attend_in_tiles(*given, starts(asking), starts(lengths), False, 0.0)
    assert out[:2].abs().max() == 0
    gradients = torch.autograd.grad(out.sum(), given)
    assert gradients[0][:2].abs().max() == 0
    assert all(one.isfinite().all() for one in gradients)


LENGTHS = [16, 7, 16, 12] * 8  # no longer than a head is wide: with values of one, weights can be read off


def with_dropout(given, dropout, seed):
    torch.manual_seed(seed)
    return attend_in_tiles(*given, starts(LENGTHS), starts(LENGTHS), False, dropout)


def weights_kept(query, key, dropout, seed):
    """The weights after dropout of every sample, [H, L, L]."""
    ones = torch.cat([torch.eye(WIDTH)[:length] for length in LENGTHS]).to(DEVICE, KIND)
    out = with_dropout((query, key, ones[:, None].expand(-1, HEADS, -1).contiguous()), dropout, seed)
    return [part[..., :length].transpose(0, 1) for part, length in zip(out.split(LENGTHS), LENGTHS, strict=True)]


def test_dropout_takes_its_share_of_the_weights_and_gradients_know_which():
    dropout = 0.3
    given = drawn(LENGTHS, LENGTHS)
    query, key, _ = given
    masks = [kept > 0 for kept in weights_kept(query.detach(), key.detach(), dropout, 5)]
    count = sum(mask.numel() for mask in masks)
    share = sum(int(mask.sum()) for mask in masks) / count
    assert abs(share - (1 - dropout)) < 3 * (dropout * (1 - dropout) / count) ** 0.5
    left = iter(masks)

    def plain(query, key, value):
        weights = (query @ key.transpose(1, 2) / WIDTH**0.5).softmax(-1)
        return (weights * next(left) / (1 - dropout)) @ value

    expected, ours = one_by_one(given, LENGTHS, LENGTHS, plain), with_dropout(given, dropout, 5)
    torch.testing.assert_close(ours, expected, rtol=NEAR, atol=NEAR)
    weight = torch.randn_like(ours)
    gradients = [torch.autograd.grad(out, given, weight) for out in (ours, expected)]
    torch.testing.assert_close(*gradients, rtol=NEAR, atol=NEAR)


def test_dropout_is_drawn_anew_for_each_head_sample_and_call_and_is_the_same_for_one_seed():
    torch.manual_seed(2)
    query = torch.zeros(sum(LENGTHS), HEADS, WIDTH, dtype=KIND, device=DEVICE)
    first, again, other = (weights_kept(query, query, 0.5, seed) for seed in (1, 1, 2))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    whole = [kept[head] > 0 for draw in (first, other) for kept in draw if kept.shape[1] == 16 for head in range(HEADS)]
    for row, one in enumerate(whole):
        for two in whole[:row]:
            assert 0.25 < (one == two).float().mean() < 0.75  # half of them, in 256, where they are independent


COMPILING = """
import sys
import triton
from triton.backends.compiler import GPUTarget
from model import attention_kernels, tiled_attention
kinds = {"HEADS": 12, "WIDTH": 64, "CAUSAL": True, "DROPS": True}
tiles = [getattr(tiled_attention, name) for name in ("_OF_SHORT_SAMPLES", "_OF_FEW_THAT_ASK", "_OF_OTHERS")]
for pass_, tile in {(pass_, getattr(several, pass_)) for several in tiles for pass_ in ("forward", "backward")}:
    kernel = getattr(attention_kernels, pass_)
    given = kinds | {"ASKING": tile.asking, "PLACES": tile.places}
    kind = lambda name: (
        "constexpr" if name in given else "*i32" if name.endswith("starts") else "*fp32" if name == "sums_at"
        else "*bf16" if name.endswith("_at") else "fp32" if name in ("scale", "plain_scale", "share") else "i32"
    )
    names = kernel.arg_names
    source = triton.compiler.ASTSource(
        kernel, {name: kind(name) for name in names}, {(names.index(name),): value for name, value in given.items()}
    )
    options = {"num_warps": tile.warps, "num_stages": tile.stages}
    print(pass_, *tile, triton.compile(source, target=GPUTarget("cuda", 80, 32), options=options).metadata.shared)
"""


@pytest.mark.skipif(GPU, reason="the other tests compile them")
def test_the_kernels_compile_for_a_gpu_that_is_not_there(tmp_path):
    given = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    given |= {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run([sys.executable, "-c", COMPILING], env=given, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    lines = [line.split() for line in said.stdout.splitlines()]
    assert [line[0] for line in lines].count("forward") == 3 == [line[0] for line in lines].count("backward")
    assert all(0 < int(line[-1]) <= 99 * 1024 for line in lines)  # bytes of the smallest shared memory since Ampere
