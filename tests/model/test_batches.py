"""What each task is given, and how it is spread over several processes."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from batch_world import TASKS, kind_of, network_config, sources_of, tasks_of
from task_world import FEATURES, THINGS, enliven, region_row, world, write_dataset  # noqa: F401

from contract.errors import InputError, UsageError
from model.data import Texts
from model.network import Regions, build
from model.objectives import Places
from model.prepared import Prepared
from model.regions import RegionStore
from model.tokenizer import EOS, PAD


@pytest.fixture(scope="module")
def sources(world):  # noqa: F811
    return sources_of(world)


def tensors_of(value) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (Prepared, Regions, Places)):
        return [tensor for field in fields(value) for tensor in tensors_of(getattr(value, field.name))]
    return []


def same(one: Prepared, other: Prepared) -> bool:
    several = zip(tensors_of(one), tensors_of(other), strict=True)
    return one.keys == other.keys and all(torch.equal(a, b) for a, b in several)


@pytest.mark.parametrize("task", TASKS)
def test_a_batch_depends_on_seed_task_and_number_alone(sources, world, task):  # noqa: F811
    tasks = tasks_of(sources, task, batch_size=8)
    third = tasks.prepare(task, 3)
    assert not same(third, tasks.prepare(task, 4))
    assert same(third, tasks_of(sources_of(world), task, batch_size=8).prepare(task, 3)), "whatever came before"
    assert not same(third, tasks_of(sources_of(world, seed=4), task, batch_size=8).prepare(task, 3))
    assert len(third.keys) == 8 * third.together
    assert all(tensor.device.type == "cpu" and not tensor.requires_grad for tensor in tensors_of(third))


@pytest.mark.parametrize("task", TASKS)
def test_batches_prepared_in_a_thread_ahead_are_the_same(sources, world, task):  # noqa: F811
    tasks, ahead = tasks_of(sources, task, batch_size=8), tasks_of(sources_of(world), task, batch_size=8)
    with ThreadPoolExecutor(4) as thread:
        waiting = [thread.submit(ahead.prepare, task, number) for number in range(5)]
        assert all(same(one.result(), tasks.prepare(task, number)) for number, one in enumerate(waiting))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("size", "world_size"), [(8, 1), (8, 2), (8, 8), (5, 2), (13, 8), (3, 8)])
def test_shares_add_up_to_the_whole_batch(sources, task, size, world_size):
    """Totals, counts and gradients, also where ranks get unequally much or nothing."""
    torch.manual_seed(0)
    network = build(network_config(sources, task, 2, 32)).eval()
    enliven(network)
    batch = tasks_of(sources, task, batch_size=size, negatives=2).prepare(task, 1)
    shares = [batch.share(rank, world_size) for rank in range(world_size)]
    assert Counter(key for share in shares for key in share.keys) == Counter(batch.keys)
    assert {len(share.keys) // batch.together for share in shares} <= {size // world_size, -(-size // world_size)}

    def measured(batches: list[Prepared]) -> tuple[int, torch.Tensor, torch.Tensor]:
        network.zero_grad()
        several = [one.loss(network) for one in batches if one.keys]
        torch.stack([asked.total for asked in several]).sum().backward()
        gradient = torch.cat([one.grad.flatten() for one in network.parameters() if one.grad is not None])
        return sum(asked.count for asked in several), sum(asked.total.detach() for asked in several), gradient

    count, total, gradient = measured([batch])
    count_of_shares, total_of_shares, gradient_of_shares = measured(shares)
    assert count_of_shares == count
    torch.testing.assert_close(total_of_shares, total, rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient_of_shares, gradient, rtol=1e-3, atol=1e-3 * gradient.abs().max().item())


@pytest.mark.parametrize("task", [task for task in TASKS if task not in ("xMLM", "xDAE")])
def test_features_on_their_way_to_a_gpu_are_half_as_large_and_give_the_same_loss(world, sources, task):  # noqa: F811
    halves = tasks_of(sources_of(world, for_gpu=True), task, batch_size=8).prepare(task, 2)
    whole = tasks_of(sources, task, batch_size=8).prepare(task, 2)
    assert halves.regions.features.dtype == torch.float16 and whole.regions.features.dtype == torch.float32
    network = build(network_config(sources, task, 1, 32)).eval()
    assert halves.loss(network).mean == whole.loss(network).mean


def test_a_true_pair_stays_with_its_mismatched_ones(sources):
    batch = tasks_of(sources, "VLM", batch_size=7, negatives=3).prepare("VLM", 0)
    for world_size in (2, 4, 8):
        for rank in range(world_size):
            share = batch.share(rank, world_size)
            assert share.matched_P.view(-1, 4).tolist() == [[1.0, 0.0, 0.0, 0.0]] * len(range(rank, 7, world_size))


@pytest.mark.parametrize("task", TASKS)
def test_an_empty_share_asks_nothing(sources, task):
    network = build(network_config(sources, task, 1, 32))
    asked = tasks_of(sources, task, batch_size=3).prepare(task, 0).share(5, 8).loss(network)
    assert asked.count == 0 and asked.mean.item() == 0


@pytest.mark.parametrize("task", TASKS)
def test_the_loss_of_a_task_is_the_mean_of_its_batch(sources, task):
    network, tasks = build(network_config(sources, task, 1, 32)).eval(), tasks_of(sources, task, batch_size=4)
    asked = tasks.prepare(task, 2).loss(network)
    assert tasks.loss(network, task, 2).item() == pytest.approx((asked.total / asked.count).item())


@pytest.mark.parametrize("task", TASKS)
def test_a_batch_goes_to_a_device_as_a_whole(sources, task):
    batch = tasks_of(sources, task, batch_size=4).prepare(task, 0)
    moved = batch.to(torch.device("meta"))
    assert all(tensor.device.type == "meta" for tensor in tensors_of(moved)) and moved.keys == batch.keys
    assert len(tensors_of(moved)) == len(tensors_of(batch)) > 2


@pytest.mark.parametrize("task", TASKS)
def test_a_pinned_batch_is_pinned_as_a_whole(sources, task):
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU to pin memory for")
    batch = tasks_of(sources, task, batch_size=4).prepare(task, 0)
    assert all(tensor.is_pinned() for tensor in tensors_of(batch.pin())) and same(batch.pin(), batch)


def test_code_switched_tasks_ask_for_the_switched_words(sources):
    tokens = tasks_of(sources, "MC-MLM", batch_size=32).prepare("MC-MLM", 0).tokens_BT
    texts = {sources.tokenizer.decode(row.tolist()) for row in tokens}
    german = set(THINGS["de"])
    assert len(texts) > 4 and all(german & set(text.split()) for text in texts)


# Bad input


def test_a_language_without_sentences_is_named_and_left_out(world, capsys):  # noqa: F811
    sources = sources_of(world, probabilities={"de": 0.5, "en": 0.1, "fr": 0.2, "sw": 0.1, "zh": 0.1})
    said = "plain text: no training sentences in 2 of its languages: fr, sw."
    assert capsys.readouterr().out.splitlines() == [said]
    drawn = Counter(lang for number in range(100) for lang in sources.sentences(number, 100).languages)
    for lang, share in (("de", 5 / 7), ("en", 1 / 7), ("zh", 1 / 7)):  # the others take their share
        assert abs(drawn[lang] / 10_000 - share) < 3 * np.sqrt(share * (1 - share) / 10_000)


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ({"de": 0.5, "en": 0.5}, "20 sentences of 'zh', for which its manifest states none"),
        ({"de": 0.5, "en": 0.5, "zh": float("nan")}, "'zh', for which its manifest states the probability nan"),
        ({"de": 0.5, "en": -0.5, "zh": 0.1}, "'en', for which its manifest states the probability -0.5"),
        ({"de": 0.0, "en": 0.0, "zh": 0.0, "fr": 1.0}, "each of its languages the probability 0"),
    ],
)
def test_probabilities_that_are_not_the_plain_texts_are_refused(world, probabilities, said):  # noqa: F811
    with pytest.raises(InputError) as refused:
        sources_of(world, probabilities=probabilities)
    assert said in str(refused.value) and "run the stage corpus anew" in str(refused.value)


def test_a_language_of_probability_zero_is_never_drawn(world):  # noqa: F811
    sources = sources_of(world, probabilities={"de": 0.5, "en": 0.5, "zh": 0.0})
    assert {lang for number in range(20) for lang in sources.sentences(number, 50).languages} == {"de", "en"}


@pytest.mark.parametrize("task", ["xMLM", "xDAE"])
def test_without_plain_text_its_tasks_are_refused_before_the_first_step(world, task):  # noqa: F811
    nothing = Texts([], [], np.empty(0, np.int64), [])
    sources = sources_of(world, corpus=nothing, probabilities={})
    with pytest.raises(UsageError, match=f"no plain text for {task}"):
        tasks_of(sources, task)
    other = "IC" if kind_of(task) == "generation" else "MMLM"
    tasks_of(sources, other, tasks={other: 1.0}).prepare(other, 0)


@pytest.mark.parametrize("task", ["xMLM", "xDAE"])
def test_an_empty_text_harms_no_batch(world, sources, task):  # noqa: F811
    """No stage writes one, and the readers leave it out; were one to come, there would be no NaN all the same."""
    empty = Texts([np.array([0, EOS])], ["en"], np.array([-1]), ["empty"])
    for corpus in (empty, Texts([*empty.tokens, *sources.corpus.tokens], ["en"] * 61, np.full(61, -1), ["k"] * 61)):
        lacking = sources_of(world, corpus=corpus, probabilities={"en": 1.0})
        network, batch = build(network_config(lacking, task, 1, 32)), tasks_of(lacking, task, batch_size=64)
        asked = batch.prepare(task, 0).loss(network)
        asked.mean.backward()
        assert torch.isfinite(asked.total)
        assert all(torch.isfinite(one.grad).all() for one in network.parameters() if one.grad is not None)


def test_a_picture_without_regions_among_others_gives_no_nan(world, sources, tmp_path):  # noqa: F811
    """The readers leave it out; were one to come, it would be asked for nothing."""
    rows = [region_row(picture) for picture in range(32)]
    rows[5] |= {"num_regions": 0, "features": b"", "boxes": b"", "object_ids": [], "object_scores": []}
    store = RegionStore(write_dataset(tmp_path / "regions", "regions", rows))
    assert store.feature_dim == FEATURES
    pictures = np.array([store.row_of[f"p{picture:03d}"] for picture in range(32)])
    lacking = replace(
        sources, store=store, captions=replace(sources.captions, pictures=pictures), codeswitch=None
    )  # fmt: skip
    assert len(lacking.like_pictures()[store.row_of["p005"]]) == 0
    for task in ("MMLM", "MRM", "VLM", "MC-MRM"):
        network = build(network_config(lacking, task, 2, 32))
        tasks = tasks_of(lacking, task, batch_size=32, hard_negatives=1.0)
        batches = (tasks.prepare(task, number) for number in range(32))
        asked = next(one for one in batches if not one.regions.mask.any(dim=1).all()).loss(network)
        asked.mean.backward()
        assert torch.isfinite(asked.total)
        assert all(torch.isfinite(one.grad).all() for one in network.parameters() if one.grad is not None)


def test_noised_texts_are_no_longer_than_the_network_reads(world):  # noqa: F811
    tokens = np.array([0, *[9] * 30, EOS])
    sources = sources_of(world, corpus=Texts([tokens], ["zh"], np.array([-1]), ["long"]), probabilities={"zh": 1.0})
    for number in range(20):
        batch = tasks_of(sources, "xDAE", batch_size=16).prepare("xDAE", number)
        assert batch.noised_BT.shape[1] <= 32
        ends = (batch.noised_BT != PAD).sum(dim=1) - 1
        assert (batch.noised_BT[torch.arange(16), ends] == EOS).all()
