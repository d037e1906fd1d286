"""The loss over the vocabulary equals the plain one and never holds all logits."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from model import vocabulary_loss as module
from model.vocabulary_loss import vocabulary_loss

TOKENS, WIDTH, VOCABULARY = 37, 16, 501


def given(kind=torch.float64):
    draw = torch.Generator().manual_seed(3)
    x, weight = (torch.randn(size, WIDTH, generator=draw, dtype=kind) for size in (TOKENS, VOCABULARY))
    bias = torch.randn(VOCABULARY, generator=draw, dtype=kind)
    wanted = torch.randint(VOCABULARY, (TOKENS,), generator=draw)
    return [one.requires_grad_() for one in (x, weight, bias)], wanted


@pytest.mark.parametrize("rows", [1, 8, 37, 1000])
def test_loss_and_gradients_are_those_of_all_logits(monkeypatch, rows):
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", {"cpu": rows * 4 * VOCABULARY})
    (x, weight, bias), wanted = given()
    plain = F.cross_entropy(F.linear(x, weight, bias), wanted, reduction="sum")
    ours = vocabulary_loss(x, weight, bias, wanted)
    torch.testing.assert_close(ours, plain)
    expected = torch.autograd.grad(plain / 7, (x, weight, bias))
    torch.testing.assert_close(torch.autograd.grad(ours / 7, (x, weight, bias)), expected)


def test_a_tied_embedding_gets_both_gradients():
    (_, weight, bias), wanted = given()
    tokens = torch.arange(TOKENS)
    plain = F.cross_entropy(F.linear(F.embedding(tokens, weight), weight, bias), wanted, reduction="sum")
    ours = vocabulary_loss(F.embedding(tokens, weight), weight, bias, wanted)
    torch.testing.assert_close(torch.autograd.grad(ours, weight), torch.autograd.grad(plain, weight))


class LargestTensor(TorchDispatchMode):
    """Remembers how many numbers the largest tensor has that any operation makes; a view makes none."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        there = {one.untyped_storage().data_ptr() for one in args if isinstance(one, torch.Tensor)}
        for one in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(one, torch.Tensor) and one.untyped_storage().data_ptr() not in there:
                self.numbers = max(self.numbers, one.numel())
        return out


def test_all_logits_are_never_held(monkeypatch):
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", {"cpu": 4 * 4 * VOCABULARY})
    (x, weight, bias), wanted = given()
    with LargestTensor() as ours:
        vocabulary_loss(x, weight, bias, wanted).backward()
    assert ours.numbers == VOCABULARY * WIDTH  # the embedding's gradient
    with LargestTensor() as plain:
        F.cross_entropy(F.linear(x, weight, bias), wanted).backward()
    assert plain.numbers >= TOKENS * VOCABULARY


def test_no_gradient_is_made_where_none_is_wanted():
    (x, weight, bias), wanted = given()
    with torch.no_grad(), LargestTensor() as seen:
        loss = vocabulary_loss(x[:4], weight, bias, wanted[:4])
    assert not loss.requires_grad
    assert seen.numbers < VOCABULARY * WIDTH


def test_mixed_precision_sums_in_float32():
    (x, weight, bias), wanted = given(torch.float32)
    exact = vocabulary_loss(x, weight, bias, wanted)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = vocabulary_loss(x, weight, bias, wanted)
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, exact, rtol=0.01, atol=0)
    gradients = [torch.autograd.grad(loss, (x, weight, bias)) for loss in (mixed, exact)]
    for one, other in zip(*gradients, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=0.1, atol=0.1)


def test_mixed_precision_does_not_wear_down_what_is_summed(monkeypatch):
    """A token at a time or all at once: the gradients that are summed over tokens differ by a rounding alone."""
    draw = torch.Generator().manual_seed(5)
    x, weight = (torch.randn(size, WIDTH, generator=draw).requires_grad_() for size in (4000, 200))
    bias, wanted = torch.zeros(200, requires_grad=True), torch.randint(200, (4000,), generator=draw)
    found = []
    for rows in (1, 4000):
        monkeypatch.setattr(module, "_BYTES_AT_ONCE", {"cpu": rows * 4 * 200})
        with torch.autocast("cpu", torch.bfloat16):
            loss = vocabulary_loss(x, weight, bias, wanted)
        found.append(torch.autograd.grad(loss, (weight, bias)))
    for one, other in zip(*found, strict=True):
        assert ((one - other).norm() / other.norm()).item() < 0.003
    assert abs(found[0][1].sum().item()) < 0.05  # a softmax less its wanted one sums to nothing


def test_a_second_gradient_is_refused():
    (x, weight, bias), wanted = given()
    loss = vocabulary_loss(x, weight, bias, wanted)
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="was asked for before"):
        loss.backward()


def test_nothing_asked_is_no_loss():
    (x, weight, bias), wanted = given()
    loss = vocabulary_loss(x[:0], weight, bias, wanted[:0])
    assert loss.item() == 0
    assert torch.autograd.grad(loss, weight)[0].abs().max() == 0
