"""Which boxes become regions: against a reference that goes through the classes one by one."""

import numpy as np
import pytest
import torch

from pipelines.regions.choice import Choice, choose


def overlap(a, b) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def reference(boxes, probabilities, choice: Choice) -> list[int]:
    count, classes = probabilities.shape
    standing = [-1.0] * count
    for number in range(classes):
        kept: list[int] = []
        for i in sorted(range(count), key=lambda i: -probabilities[i, number]):
            box = boxes[:, number if boxes.shape[1] > 1 else 0]
            if all(overlap(box[i], box[j]) <= choice.nms_iou for j in kept):
                kept.append(i)
                standing[i] = max(standing[i], probabilities[i, number])
    confident = sum(one >= choice.confidence for one in standing)
    ranked = sorted(range(count), key=lambda i: (-standing[i], -probabilities[i].max()))
    chosen = ranked[: min(max(confident, choice.least), choice.most)]
    return sorted(chosen, key=lambda i: (standing[i] < 0, -probabilities[i].max()))


def random_case(seed: int):
    draws = np.random.default_rng(seed)
    count, classes = int(draws.integers(0, 30)), int(draws.integers(1, 6))
    corners = draws.integers(0, 60, (count, 1 if seed % 2 else classes, 2))
    boxes = np.concatenate([corners, corners + draws.integers(1, 50, corners.shape)], axis=2).astype(np.float32)
    logits = draws.normal(0, 3, (count, classes + 1)).astype(np.float32)
    probabilities = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))[:, 1:]
    least = int(draws.integers(1, 12))
    most = least + int(draws.integers(0, 20))
    return boxes, probabilities, Choice(least, most, float(draws.choice([0.0, 0.05, 0.317, 0.8, 1.0])), 0.317)


@pytest.mark.parametrize("block", range(5))
def test_it_chooses_as_the_reference_does(block):
    for seed in range(60 * block, 60 * (block + 1)):
        boxes, probabilities, choice = random_case(seed)
        chosen, classes, scores = choose(torch.from_numpy(boxes), torch.from_numpy(probabilities), choice)
        assert chosen.tolist() == reference(boxes, probabilities, choice), seed
        assert classes.tolist() == probabilities.argmax(axis=1)[chosen.numpy()].tolist()
        assert scores.tolist() == probabilities.max(axis=1)[chosen.numpy()].tolist()
        assert min(choice.least, len(boxes)) <= len(chosen) <= choice.most
        assert len(set(chosen.tolist())) == len(chosen)


def test_boxes_of_different_classes_do_not_compete():
    boxes = torch.tensor([[[0.0, 0, 10, 10]]] * 3)
    probabilities = torch.tensor([[0.9, 0.0], [0.0, 0.8], [0.7, 0.0]])
    assert choose(boxes, probabilities, Choice(1, 9, 0.2, 0.5))[0].tolist() == [0, 1]
    assert choose(boxes, probabilities, Choice(3, 9, 0.2, 0.5))[0].tolist() == [0, 1, 2], "filled up"


def test_a_box_that_loses_in_its_best_class_may_stand_in_another():
    boxes = torch.tensor([[[0.0, 0, 10, 10]]] * 2)
    probabilities = torch.tensor([[0.9, 0.0], [0.5, 0.4]])
    chosen, classes, scores = choose(boxes, probabilities, Choice(1, 9, 0.3, 0.5))
    assert chosen.tolist() == [0, 1] and classes.tolist() == [0, 0], "it keeps its most likely class"
    assert scores.tolist() == [torch.tensor(0.9).item(), 0.5]
    assert choose(boxes, probabilities, Choice(1, 9, 0.45, 0.5))[0].tolist() == [0]


def test_a_fixed_number_of_regions():
    boxes, probabilities, _ = random_case(4)
    for number in (1, 5, len(boxes)):
        choice = Choice(number, number, 0.9, 0.3)
        assert len(choose(torch.from_numpy(boxes), torch.from_numpy(probabilities), choice)[0]) == number
