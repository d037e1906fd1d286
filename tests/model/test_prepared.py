"""What the network need not ask its device for: the packings of a batch, found while it is prepared."""

from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch
from batch_world import TASKS, network_config, sources_of, tasks_of
from task_world import enliven, world  # noqa: F401
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeCopyMode, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from model.distributed import World
from model.entailment_data import LABELS
from model.finetuning.retrieval import Ranked
from model.network import build
from model.packing import Packing
from model.prepared import Classified, Contrasted, Pairs, Prepared
from model.training_plan import Running, Schedule
from model.training_step import Draw, Stepper
from model.work import Work

# The last ones as fine-tuning has them, with the pre-training task whose texts they take here.
FINE_TUNED = {"retrieval": "VLM", "contrastive": "VLM", "entailment": "VLM"}
ALL = (*TASKS, *FINE_TUNED)


@pytest.fixture(scope="module")
def sources(world):  # noqa: F811
    return sources_of(world)


def batch_of(sources, task: str, number: int = 2) -> Prepared:
    prepared = FINE_TUNED.get(task, task)
    batch = tasks_of(sources, prepared, batch_size=8, negatives=2).prepare(prepared, number)
    if task not in FINE_TUNED:
        return batch
    assert isinstance(batch, Pairs)
    if task == "entailment":
        classes = torch.arange(len(batch.keys)) % len(LABELS)
        return Classified(batch.keys, batch.tokens_PT, classes, together=batch.together)
    if task == "contrastive":
        own = torch.eye(len(batch.keys), dtype=torch.bool)
        return Contrasted(batch.keys, batch.tokens_PT, batch.regions, own, 0.5, together=len(batch.keys))
    return Ranked(batch.keys, batch.tokens_PT, batch.regions, batch.matched_P, "softmax", together=batch.together)


def network_of(sources, task: str, dropout: float = 0.1):
    torch.manual_seed(0)
    config = replace(network_config(sources, FINE_TUNED.get(task, task), 2, 32), dropout=dropout)
    classes = LABELS if task == "entailment" else ()
    network = build(replace(config, classes=classes, contrastive=task == "contrastive"))
    enliven(network)
    return network.train()


def without_values(network, batch: Prepared):
    """Both with tensors that have shapes alone: nobody can read a number back, nor a shape that depends on numbers."""
    mode = FakeTensorMode()
    with FakeCopyMode(mode):
        return mode, *deepcopy((network, batch))


class Made(TorchDispatchMode):
    """Counts tensors that are made of Python's numbers, which a GPU would have to be sent."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten.lift_fresh.default
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("task", ALL)
def test_neither_a_loss_nor_its_gradients_need_a_number_that_lies_on_the_device(sources, task):
    mode, network, batch = without_values(network_of(sources, task), batch_of(sources, task).packed())
    with mode, Made() as made:
        batch.loss(network).total.backward()
    assert made.count == 0
    assert sum(one.grad is not None for one in network.parameters()) > 20
    mode, network, batch = without_values(network_of(sources, task), batch_of(sources, task))
    with mode, pytest.raises(DataDependentOutputException):
        batch.loss(network)
    network, batch = network_of(sources, task), batch_of(sources, task)
    with Made() as made:
        batch.loss(network)
    assert made.count > 0, "without packings"


@pytest.mark.parametrize("task", ALL)
def test_packings_found_ahead_give_the_same_to_the_last_bit(sources, task):
    network, found = network_of(sources, task), []
    batch = batch_of(sources, task)
    for one in (batch, batch.packed()):
        network.zero_grad(set_to_none=True)
        torch.manual_seed(1)  # dropout
        total = one.loss(network).total
        total.backward()
        gradients = {name: each.grad for name, each in network.named_parameters() if each.grad is not None}
        found.append((total.detach(), gradients))
    (total, gradients), (total_ahead, gradients_ahead) = found
    assert torch.equal(total, total_ahead) and gradients.keys() == gradients_ahead.keys()
    assert all(torch.equal(gradients[name], gradients_ahead[name]) for name in gradients)


@pytest.mark.parametrize("task", ALL)
def test_a_share_is_packed_anew(sources, task):
    batch, network = batch_of(sources, task).packed(), network_of(sources, task).eval()
    assert batch.share(1, 3).packings == () and len(batch.packings) == len(batch.share(1, 3).packed().packings) > 0
    whole = batch.loss(network).total
    parts = [batch.share(rank, 3).packed().loss(network).total for rank in range(3)]
    torch.testing.assert_close(torch.stack(parts).sum(), whole)
    assert batch.share(9, 10).packed().loss(network).total == 0, "an empty one too"


@pytest.mark.parametrize("task", ALL)
def test_training_packs_before_its_step(sources, task):
    stepper = Stepper(network_of(sources, task), Schedule(1, 0.1, 0, 0.0, 1.0), Running(accumulate=2), World())
    ready = stepper.ready(Draw(task, batch_of(sources, task), Work(1)))
    assert len(ready.parts) == 2 and all(part.packings for part in ready.parts)
    moved = ready.parts[0].to(torch.device("meta")).packings[0]
    tensors = [getattr(moved, one.name) for one in fields(Packing)]
    assert {one.device.type for one in tensors if isinstance(one, torch.Tensor)} == {"meta"}
