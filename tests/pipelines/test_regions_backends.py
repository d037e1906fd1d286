"""Bottom-up attention's network and detectron2's, as detectors of the stage."""

import pickle

import numpy as np
import pytest
import torch
from regions_world import boxes_of, features_of, regions_of, write_images, write_pictures

from contract.detector import (
    BOTTOM_UP_ATTENTION,
    DETECTRON2,
    SIDES,
    DetectorSpec,
    build,
    load_detector,
    load_weights,
    write_detector,
)
from contract.detector.bottom_up_attention import BottomUpAttention
from contract.errors import InputError, UsageError
from model.detector_config import DetectorConfig

NAMES = ("yolk", "goggles", "man")
VISUAL_GENOME = {  # what detectron2's own C4 network must be told, to be bottom-up attention's up to four changes
    "MODEL": {
        "META_ARCHITECTURE": "GeneralizedRCNN", "PIXEL_MEAN": [102.9801, 115.9465, 122.7717], "MASK_ON": False,
        "RESNETS": {"DEPTH": 101},
        "ANCHOR_GENERATOR": {"SIZES": [[64, 128, 256, 512]]},
        "RPN": {"CONV_DIMS": [512], "PRE_NMS_TOPK_TEST": 6000, "POST_NMS_TOPK_TEST": 20},
        "ROI_HEADS": {"NAME": "Res5ROIHeads", "NUM_CLASSES": 3},
        "ROI_BOX_HEAD": {"POOLER_TYPE": "ROIPool"},
    },
    "INPUT": {"MIN_SIZE_TEST": 128, "MAX_SIZE_TEST": 200},
}  # fmt: skip


def randomised(network: torch.nn.Module) -> torch.nn.Module:
    """Weights under which nothing vanishes or explodes, and proposals differ from their anchors."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.fill_(1.0)
            elif "norm.weight" in name:
                tensor.fill_(0.5)
            elif tensor.ndim == 4:
                tensor.normal_(0, (1 / tensor[0].numel()) ** 0.5)
            elif tensor.ndim == 2 and "cell_anchors" not in name:
                tensor.normal_(0, (0.1 / tensor.shape[1]) ** 0.5)
    return network.eval()


@pytest.fixture(scope="module")
def visual_genome() -> torch.nn.Module:
    return randomised(BottomUpAttention(len(NAMES), proposals=20))


def picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_bottom_up_attention_finds_regions_whose_boxes_are_its_proposals(visual_genome, tmp_path):
    write_detector(tmp_path / "detector", DetectorSpec(BOTTOM_UP_ATTENTION, NAMES, 96, 160, 2048), visual_genome)
    images = write_images(tmp_path / "images", tmp_path / "raw", write_pictures(tmp_path / "raw", 3))
    found, rejects, _ = regions_of(images, tmp_path / "detector", least=3, most=10, features="box_head", batch_size=2)
    assert len(found) == 3 and not rejects
    for one in found.values():
        assert 3 <= one["num_regions"] <= 10 and one["feature_dim"] == 2048 and features_of(one).astype(float).std() > 0
        assert (boxes_of(one)[:, 2:] <= [one["width"], one["height"]]).all()
        assert one["detector"].startswith("bottom_up_attention-")
    with pytest.raises(UsageError, match="box_head"):
        regions_of(images, tmp_path / "detector", features="both")


def without_proposals(network: torch.nn.Module) -> torch.nn.Module:
    """Every proposal's width and height become nothing, and it is dropped."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("rpn.head.bbox_pred.bias", "rpn_head.anchor_deltas.bias")):
                tensor.fill_(-1e4)
    return network


def assert_nothing_is_found(folder, spec: DetectorSpec, network: torch.nn.Module, features: str) -> None:
    """Every picture is rejected, and the job goes on to its end."""
    write_detector(folder / "detector", spec, without_proposals(network))
    images = write_images(folder / "images", folder / "raw", write_pictures(folder / "raw", 3))
    found, rejects, _ = regions_of(images, folder / "detector", least=1, features=features, batch_size=2)
    assert not found and [reject.reason for reject in rejects] == ["no_regions"] * 3


@pytest.mark.parametrize(
    ("architecture", "sides", "features"),
    [
        ("small", (64, 128, 16), "both"), ("fasterrcnn_mobilenet_v3_large_320_fpn", (64, 96), "both"),
        (BOTTOM_UP_ATTENTION, (96, 160, 2048), "box_head"),
    ],
)  # fmt: skip
def test_pictures_in_which_nothing_is_found_stop_nothing(tmp_path, architecture, sides, features):
    spec = DetectorSpec(architecture, NAMES, *sides)
    assert_nothing_is_found(tmp_path, spec, randomised(build(spec)), features)


def test_its_size_is_that_of_its_training_where_none_is_given():
    assert SIDES[BOTTOM_UP_ATTENTION] == (600, 1000)
    assert DetectorConfig(architecture=BOTTOM_UP_ATTENTION).shortest_side == 0


@pytest.mark.parametrize("attributes", [False, True])
def test_the_published_pickle_loads_with_and_without_attributes(visual_genome, tmp_path, attributes):
    """The layout of the published file: arrays by name under ``model``, detectron2's names, the anchors among them."""
    arrays = {name: tensor.numpy() for name, tensor in visual_genome.state_dict().items()}
    arrays |= {"pixel_mean": np.zeros((3, 1, 1), "f4"), "roi_heads.box_predictor.bbox_pred.bias": np.zeros(12, "f4")}
    if attributes:
        arrays["roi_heads.box_predictor.cls_embedding.weight"] = np.zeros((4, 256), "f4")
        arrays["roi_heads.box_predictor.fc_attr.weight"] = np.zeros((512, 2304), "f4")
        arrays["roi_heads.box_predictor.attr_score.weight"] = np.zeros((401, 512), "f4")
    path = tmp_path / "faster_rcnn_from_caffe.pkl"
    path.write_bytes(pickle.dumps({"model": arrays, "__author__": "somebody"}))
    network = BottomUpAttention(len(NAMES))
    load_weights(network, path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, visual_genome.state_dict()[name]), name
    with pytest.raises(InputError, match="class names"):
        load_weights(BottomUpAttention(4), path)
    arrays.pop("backbone.res4.22.conv3.weight")
    path.write_bytes(pickle.dumps({"model": arrays}))
    with pytest.raises(InputError, match=r"res4\.22\.conv3\.weight"):
        load_weights(network, path)


def test_the_published_attributes_are_told_from_feature_and_class(tmp_path):
    """As the published code computes them: the class, background included, embedded beside the feature."""
    colours = ("red", "blue", "green", "wooden", "tall")
    network = randomised(BottomUpAttention(len(NAMES), len(colours), proposals=20))
    arrays = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    head = {name.removeprefix("roi_heads.box_predictor."): one for name, one in arrays.items() if "predictor" in name}
    assert head["cls_embedding.weight"].shape == (4, 256) and head["fc_attr.weight"].shape == (512, 2304)
    assert head["attr_score.weight"].shape == (6, 512)
    (tmp_path / "attr.pkl").write_bytes(pickle.dumps({"model": arrays}))
    loaded = BottomUpAttention(len(NAMES), len(colours), proposals=20).eval()
    load_weights(loaded, tmp_path / "attr.pkl")
    with torch.inference_mode():
        (found,) = loaded(torch.from_numpy(picture(3, 96, 128)).permute(2, 0, 1)[None].float() - 110, [(96, 128)])
    features = found.features_NF.numpy()
    classes = (features @ head["cls_score.weight"].T + head["cls_score.bias"]).argmax(axis=1)
    both = np.concatenate([features, head["cls_embedding.weight"][classes]], axis=1)
    hidden = np.maximum(both @ head["fc_attr.weight"].T + head["fc_attr.bias"], 0)
    scores = np.exp((hidden @ head["attr_score.weight"].T + head["attr_score.bias"])[:, :-1])
    np.testing.assert_allclose(found.attributes_NA.numpy(), scores / scores.sum(axis=1, keepdims=True), rtol=1e-3)

    spec = DetectorSpec(BOTTOM_UP_ATTENTION, NAMES, 96, 160, 2048, attribute_names=colours)
    write_detector(tmp_path / "detector", spec, network)
    images = write_images(tmp_path / "images", tmp_path / "raw", write_pictures(tmp_path / "raw", 2))
    rows, _, tally = regions_of(images, tmp_path / "detector", least=3, most=10)
    for one in rows.values():
        assert len(one["attribute_ids"]) == len(one["attribute_scores"]) == one["num_regions"]
        assert all(0.2 <= score <= 1 for score in one["attribute_scores"]), "the best of five"
    assert set(tally.statistics["attributes"]) <= set(colours)


def test_what_no_row_can_hold_is_refused_before_the_first_picture():
    with pytest.raises(UsageError, match="head_width"):
        DetectorSpec("small", NAMES, 64, 128, 40_000)
    with pytest.raises(UsageError, match="name"):
        DetectorSpec("small", ("\ud800",), 64, 128, 16)


def test_attributes_of_a_detector_that_has_none_are_refused():
    with pytest.raises(UsageError, match="attribute names"):
        DetectorSpec("small", NAMES, 64, 128, 16, attribute_names=("red",))


def test_detectron2_without_detectron2_is_one_clear_line(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "detectron2.config", None)
    with pytest.raises(UsageError, match=r"(?s)cannot be imported.*README") as refused:
        build(DetectorSpec(DETECTRON2, NAMES, 128, 200, config="MODEL: {}"))
    assert str(refused.value).count("\n") <= 2


def test_a_configuration_without_detectron2_and_detectron2_without_a_configuration_are_refused(tmp_path):
    with pytest.raises(UsageError, match="config"):
        DetectorConfig(architecture=DETECTRON2)
    with pytest.raises(UsageError, match="config"):
        DetectorConfig(architecture="small", config=tmp_path / "a.yaml")


class TestDetectron2:
    """Runs wherever detectron2 imports."""

    @pytest.fixture(autouse=True)
    def needs_detectron2(self):
        pytest.importorskip("detectron2", reason="detectron2 is not installed")

    def specification(self, settings: dict, tmp_path) -> DetectorSpec:
        import yaml

        from contract.detector.detectron2 import as_yaml, read_configuration

        (tmp_path / "base.yaml").write_text(yaml.safe_dump(settings))
        (tmp_path / "config.yaml").write_text("_BASE_: base.yaml\nMODEL: {WEIGHTS: 'detectron2://somewhere.pkl'}\n")
        config = read_configuration(tmp_path / "config.yaml")
        text = as_yaml(config)
        assert "somewhere" not in text
        return DetectorSpec(DETECTRON2, NAMES, config.INPUT.MIN_SIZE_TEST, config.INPUT.MAX_SIZE_TEST, config=text)

    def settings(self, kind: str) -> dict:
        if kind == "C4":
            heads, rest = {"NAME": "Res5ROIHeads", "NUM_CLASSES": 3}, {"RESNETS": {"DEPTH": 50}}
            rest |= {"RPN": {"POST_NMS_TOPK_TEST": 20}}
        else:
            heads = {"NAME": "StandardROIHeads", "NUM_CLASSES": 3, "IN_FEATURES": ["p2", "p3", "p4", "p5"]}
            rest = {
                "BACKBONE": {"NAME": "build_resnet_fpn_backbone"},
                "RESNETS": {"DEPTH": 50, "OUT_FEATURES": ["res2", "res3", "res4", "res5"]},
                "FPN": {"IN_FEATURES": ["res2", "res3", "res4", "res5"]},
                "ANCHOR_GENERATOR": {"SIZES": [[32], [64], [128], [256], [512]]},
                "RPN": {"IN_FEATURES": ["p2", "p3", "p4", "p5", "p6"], "POST_NMS_TOPK_TEST": 30},
                "ROI_BOX_HEAD": {"NAME": "FastRCNNConvFCHead", "NUM_FC": 2, "POOLER_RESOLUTION": 7},
            }
        return {"MODEL": {"ROI_HEADS": heads, **rest}, "INPUT": {"MIN_SIZE_TEST": 128, "MAX_SIZE_TEST": 200}}

    @pytest.mark.parametrize(
        ("kind", "features", "width"),
        [("FPN", "box_head", 1024), ("FPN", "both", 1024 + 4 * 256), ("C4", "box_head", 2048), ("C4", "pooled", 4096)],
    )
    def test_fpn_and_c4_write_the_same_schema(self, tmp_path, kind, features, width):
        spec = self.specification(self.settings(kind), tmp_path)
        write_detector(tmp_path / "detector", spec, randomised(build(spec)))
        images = write_images(tmp_path / "images", tmp_path / "raw", write_pictures(tmp_path / "raw", 4))
        found, rejects, _ = regions_of(images, tmp_path / "detector", least=3, most=10, features=features)
        assert len(found) == 4 and not rejects
        for one in found.values():
            assert one["feature_dim"] == width and one["detector"].startswith("detectron2-")
            assert (boxes_of(one)[:, 2:] <= [one["width"], one["height"]]).all() and features_of(one).astype(
                float
            ).std() > 0

    @pytest.mark.parametrize(("kind", "features"), [("FPN", "both"), ("C4", "pooled")])
    def test_pictures_in_which_nothing_is_found_stop_nothing(self, tmp_path, kind, features):
        spec = self.specification(self.settings(kind), tmp_path)
        assert_nothing_is_found(tmp_path, spec, randomised(build(spec)), features)

    def test_regions_are_detectron2_s_own_detections(self, tmp_path):
        """The most probable region of each picture is the first that detectron2's own inference gives."""
        from detectron2.data.transforms import ResizeShortestEdge

        from pipelines.regions.choice import Choice
        from pipelines.regions.finding import find, open_detector

        spec = self.specification(self.settings("FPN"), tmp_path)
        untrained = randomised(build(spec))
        with torch.no_grad():
            untrained.roi_heads.box_predictor.cls_score.bias[-1] = -1e6  # something is found everywhere
        write_detector(tmp_path / "detector", spec, untrained)
        _, network = load_detector(tmp_path / "detector")
        detector = open_detector(tmp_path / "detector", "box_head", "cpu")
        for seed in range(3):
            given = picture(seed, 90 + 20 * seed, 140)
            scaled = ResizeShortestEdge([128, 128], 200).get_transform(given[..., ::-1]).apply_image(given[..., ::-1])
            tensor = torch.from_numpy(scaled.astype("f4").transpose(2, 0, 1))
            with torch.inference_mode():
                theirs = network([{"image": tensor, "height": given.shape[0], "width": given.shape[1]}])[0]["instances"]
            ours = find(detector, [given], Choice(1, 100, 0.05, 0.5))[0]
            assert len(theirs) and np.allclose(ours.boxes[0], theirs.pred_boxes.tensor[0].numpy(), atol=0.01)
            assert np.isclose(ours.scores[0], theirs.scores[0].item(), atol=1e-5)

    def test_bottom_up_attention_is_detectron2_s_c4_with_four_changes(self, visual_genome, tmp_path):
        """The network written here, against detectron2's with what the published port changes in it."""
        spec = self.specification(VISUAL_GENOME, tmp_path)
        theirs = build(spec)
        first = theirs.roi_heads.res5[0]
        first.conv1.stride = first.shortcut.stride = (1, 1)
        for block in theirs.roi_heads.res5:
            block.conv2.padding = block.conv2.dilation = (2, 2)
        stem = theirs.backbone.stem
        stem.forward = lambda images: torch.nn.functional.max_pool2d(
            torch.relu(stem.conv1(images)), 3, 2, 0, ceil_mode=True
        )
        weights = visual_genome.state_dict()
        missing, unexpected = theirs.load_state_dict(weights, strict=False)
        assert all("bbox_pred" in name for name in missing) and all("cell_anchors" in name for name in unexpected)
        theirs.eval()
        from pipelines.regions.bottom_up_attention import BottomUpAttentionDetector
        from pipelines.regions.detectron2 import Detectron2Detector

        ours_spec = DetectorSpec(BOTTOM_UP_ATTENTION, NAMES, 128, 200, 2048)
        ours = BottomUpAttentionDetector(ours_spec, visual_genome, "box_head", torch.device("cpu"))
        other = Detectron2Detector(spec, theirs, "box_head", torch.device("cpu"))
        given = [picture(seed, 97, 130 + seed) for seed in range(2)]
        with torch.inference_mode():
            for one, their in zip(ours.propose(given), other.propose(given), strict=True):
                assert one.size == their.size and one.probabilities_NC.shape == their.probabilities_NC.shape
                assert torch.allclose(one.probabilities_NC, their.probabilities_NC, atol=1e-4)
                every = torch.arange(len(one.probabilities_NC))
                boxes = one.boxes_NC4[:, 0]
                mine, yours = one.features(every, boxes), their.features(every, boxes)
                assert torch.allclose(mine, yours, rtol=1e-3, atol=1e-3 * float(yours.abs().max()))

    def test_hostile_and_unknown_configurations_are_one_message(self, tmp_path):
        from contract.detector.detectron2 import read_configuration

        path = tmp_path / "config.yaml"
        for text in (
            f"MODEL: !!python/object/apply:os.system ['touch {tmp_path}/was-here']",
            "MODEL: {NO_SUCH_KEY: 3}",
            "MODEL: {ROI_HEADS: {NUM_CLASSES: many}}",
            "_BASE_: https://example.org/base.yaml",
            "_BASE_: config.yaml",
        ):
            path.write_text(text)
            with pytest.raises((InputError, UsageError)) as refused:
                read_configuration(path)
            assert str(refused.value).count("\n") <= 4
        assert not (tmp_path / "was-here").exists()

    def test_other_networks_and_other_numbers_of_classes_are_refused(self, tmp_path):
        settings = self.settings("C4")
        settings["MODEL"]["ROI_HEADS"]["NUM_CLASSES"] = 80
        with pytest.raises(InputError, match="80 classes"):
            build(self.specification(settings, tmp_path))
        settings["MODEL"] |= {"META_ARCHITECTURE": "ProposalNetwork", "ROI_HEADS": {"NUM_CLASSES": 3}}
        with pytest.raises(InputError, match="ProposalNetwork"):
            build(self.specification(settings, tmp_path))
