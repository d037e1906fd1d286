"""Attributes beside classes: read from COCO annotations, learnt by the box head, unknown ones passed over."""

import json
from pathlib import Path

import torch
from torch import nn

from contract.detector import DetectorSpec, build
from model.detector_attributes import AttributeHeads, losses
from model.detector_boxes import BoxedPicture, read_boxes


def picture(*attributes: dict[str, str]) -> BoxedPicture:
    boxes = torch.tensor([[4.0 + 30 * i, 4, 30 + 30 * i, 30] for i in range(len(attributes))])
    return BoxedPicture(1, Path("p.jpg"), boxes, torch.ones(len(attributes), dtype=torch.int64), attributes)


def test_attributes_are_read_from_the_annotations(tmp_path):
    box = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}
    coco = {
        "images": [{"id": 1, "file_name": "p.jpg"}],
        "categories": [{"id": 1, "name": "cup"}],
        "annotations": [{"id": 1, "attributes": {"colour": "red"}} | box, {"id": 2} | box],
    }
    (tmp_path / "train.json").write_text(json.dumps(coco))
    found, _ = read_boxes(tmp_path / "train.json", tmp_path)
    assert found[0].attributes == ({"colour": "red"}, {})


def test_unknown_attributes_change_no_loss():
    pictures = [picture({"colour": "red", "texture": "plain"}, {"colour": "blue"}, {})]
    heads = AttributeHeads(pictures, 5)
    assert heads.values == {"colour": ["blue", "red"], "texture": ["plain"]}
    labels = heads.labels(pictures[0])
    features = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    before = heads(features, labels)
    features[2] += 100  # the box about which nothing is known
    torch.testing.assert_close(heads(features, labels), before)
    features[1] += 100
    assert not torch.allclose(heads(features, labels), before)


def test_without_attributes_there_is_no_such_loss_and_with_them_the_box_head_learns():
    torch.manual_seed(0)
    network = build(DetectorSpec("small", ("cup",), 64, 64, 16)).train()
    images = [torch.rand(3, 64, 64)]
    for attributes, expected in (({}, False), ({"colour": "red"}, True)):
        one = picture(attributes, attributes)
        heads = AttributeHeads([one], 16)
        found = losses(network, heads, images, [{"boxes": one.boxes, "labels": one.labels}], heads.labels(one))
        assert ("loss_attributes" in found) is expected
    two = picture({"colour": "red"}, {"colour": "blue"})
    heads = AttributeHeads([two], 16)
    target = [{"boxes": two.boxes, "labels": two.labels}]
    losses(network, heads, images, target, heads.labels(two))["loss_attributes"].backward()
    head: nn.Module = network.roi_heads.box_head
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in head.parameters())
