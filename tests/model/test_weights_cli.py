"""The published checkpoint in and out, as it is called."""

import json
import os
import zipfile
from pathlib import Path

import pytest
import torch
from published_world import CLASSES, HEADS, LAYERS, UNUSED, published_file, published_weights
from safetensors.torch import save_file
from task_world import world  # noqa: F401

from model import checkpoint
from model.tokenizer import Tokenizer
from model.weights import main


@pytest.fixture
def call(world, monkeypatch, capsys):  # noqa: F811
    """Calls the command, and answers with exit code and all that was printed."""

    def called(kind: str, **given) -> tuple[int, str]:
        if kind == "import":
            given = {"tokenizer": world / "tokenizer", "heads": HEADS, "max_text_length": 16} | given
        words = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        monkeypatch.setattr("sys.argv", ["weights", kind, *words])
        code = main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out + printed.err

    return called


@pytest.fixture
def vocabulary(world) -> int:  # noqa: F811
    return Tokenizer(world / "tokenizer").vocabulary


@pytest.mark.parametrize("form", ["nested, from several GPUs", "plain", "safetensors", "before torch 1.6"])
def test_what_is_imported_is_exported_bit_for_bit(call, vocabulary, tmp_path, form):
    source, weights = tmp_path / "published.pth", published_weights(vocabulary)
    if form == "nested, from several GPUs":
        torch.save(published_file(vocabulary), source)
    elif form == "safetensors":
        source = tmp_path / "published.safetensors"
        save_file({name: tensor.clone() for name, tensor in weights.items()}, source)
    else:
        torch.save(weights, source, _use_new_zipfile_serialization=form == "plain")
    code, said = call("import", **{"from": source}, out=tmp_path / "ours")
    assert code == 0 and "nothing missing" in said, said
    code, said = call("export", checkpoint=tmp_path / "ours", out=tmp_path / "theirs")
    assert code == 0 and "without a place there: nothing" in said, said
    back = torch.load(tmp_path / "theirs" / "checkpoint.pth", weights_only=True)["model"]
    assert back.keys() == weights.keys()
    assert all(torch.equal(back[name], tensor) and back[name].dtype == tensor.dtype for name, tensor in weights.items())


def test_the_checkpoint_says_what_it_is_and_what_was_skipped(call, vocabulary, tmp_path):
    torch.save(published_file(vocabulary), tmp_path / "published.pth")
    classes = tmp_path / "classes.txt"
    classes.write_text("\n".join(f"thing {number}" for number in range(CLASSES)))
    code, said = call("import", **{"from": tmp_path / "published.pth"}, class_names=classes, out=tmp_path / "ours")
    assert code == 0
    assert all(name.split(".")[0] in said for name in UNUSED)
    loaded = checkpoint.load(tmp_path / "ours", torch.device("cpu"))
    config = loaded.network.config
    assert (config.layout, config.layers, config.heads, config.max_text_length) == ("m3p-compat", LAYERS, HEADS, 16)
    assert config.object_classes[1] == "thing 1"
    assert loaded.training["stage"] == "import" and loaded.training["skipped"]["refine_embeddings"] == 1
    assert len(loaded.training["inputs"]["from"]) == 64


def test_only_an_imported_checkpoint_can_be_exported(call, world, tmp_path):  # noqa: F811
    for kind in ("understanding", "generation"):
        code, said = call("export", checkpoint=world / kind, out=tmp_path / "out")
        assert code == 1 and "layout is m3p" in said and not (tmp_path / "out").exists()


def test_what_the_published_layout_has_no_place_for_is_named(call, vocabulary, tmp_path):
    torch.save(published_weights(vocabulary), tmp_path / "published.pth")
    assert call("import", **{"from": tmp_path / "published.pth"}, out=tmp_path / "ours")[0] == 0
    loaded = checkpoint.load(tmp_path / "ours", torch.device("cpu"))
    loaded.network.add_classes(("yes", "no"), seed=1)
    loaded.network.add_contrastive_head()
    checkpoint.save(tmp_path / "tuned", loaded.network, tmp_path / "ours", {})
    code, said = call("export", checkpoint=tmp_path / "tuned", out=tmp_path / "theirs")
    assert code == 0 and "without a place there: classifier, contrastive" in said, said


def lacking(weights: dict) -> dict:
    return {name: tensor for name, tensor in weights.items() if not name.startswith("ffns.1.")}


def reshaped(name: str, *shape: int):
    return lambda weights: weights | {name: torch.zeros(*shape)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lacking, "lacks ffns.1.lin1.weight, ffns.1.lin1.bias"),
        (reshaped("ffns.1.lin1.weight", 4, 32), "ffns.1.lin1.weight [4, 32]"),
        (reshaped("mrfr_dense.weight", 9, 32), "mrfr_dense.weight [9, 32]"),
        (reshaped("embeddings.weight", 7), "embeddings.weight of the shape [7]"),
        (reshaped("embeddings.weight", 0, 32), "vocabulary is 0"),
        (reshaped("position_embeddings.weight", 12, 32), "positions is 12 and max_text_length is 16"),
        (reshaped("attentions.998.q_lin.weight", 2, 2), "lacks attentions.3.q_lin.weight"),
        (reshaped("attentions.many.q_lin.weight", 2, 2), "lacks attentions.0.q_lin.weight"),
        (lambda weights: weights | {"pred_layer.proj.weight": weights["pred_layer.proj.weight"] + 1}, "one weight for"),
        (lambda weights: {}, "holds no weights"),
        (lambda weights: [1, 2], "'model', which is no plain tensor"),
        (lambda weights: weights | {"more": 5}, "'more', which is no plain tensor"),
        (lambda weights: weights | {"more": torch.zeros(3, 4).T}, "'more', which is no plain tensor"),
        (lambda weights: weights | {"more": torch.eye(3).to_sparse()}, "'more', which is no plain tensor"),
        (lambda weights: weights | dict.fromkeys(map(str, range(50)), torch.zeros(10**5)), "more numbers than it has"),
        (lambda weights: weights | {"embeddings.weight": torch.zeros(1, 1).expand(10**9, 32)}, "is no plain tensor"),
    ],
)
def test_weights_that_do_not_fit_are_one_message(call, vocabulary, tmp_path, change, said):
    torch.save({"model": change(published_weights(vocabulary))}, tmp_path / "published.pth")
    code, printed = call("import", **{"from": tmp_path / "published.pth"}, out=tmp_path / "ours")
    assert code != 0 and said in printed
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize(("settings", "said"), [({"heads": 5}, "that heads divide"), ({"heads": 0}, "heads is 0")])
def test_settings_that_do_not_fit_are_wrong_usage(call, vocabulary, tmp_path, settings, said):
    torch.save(published_weights(vocabulary), tmp_path / "published.pth")
    code, printed = call("import", **{"from": tmp_path / "published.pth"}, out=tmp_path / "ours", **settings)
    assert code == 2 and said in printed


def test_another_tokenizer_or_number_of_classes_is_one_message(call, vocabulary, tmp_path):
    torch.save(published_weights(vocabulary + 1), tmp_path / "published.pth")
    code, said = call("import", **{"from": tmp_path / "published.pth"}, out=tmp_path / "ours")
    assert code == 1 and f"{vocabulary + 1} ids; the tokenizer has {vocabulary}" in said
    torch.save(published_weights(vocabulary), tmp_path / "published.pth")
    (tmp_path / "classes.txt").write_text("one\ntwo\n")
    given = {"from": tmp_path / "published.pth", "class_names": tmp_path / "classes.txt"}
    code, said = call("import", **given, out=tmp_path / "ours")
    assert code == 1 and "pred_obj_layer.proj.weight [6, 32]" in said and "--class-names" in said
    (tmp_path / "classes.txt").write_bytes(b"\xff\xfe\x00")
    code, said = call("import", **given, out=tmp_path / "ours")
    assert code == 1 and "names of classes in UTF-8" in said


class Malice:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("where", ["beside", "among"])
def test_a_file_with_code_in_it_is_refused_and_the_code_not_run(call, vocabulary, tmp_path, monkeypatch, zipped, where):
    monkeypatch.chdir(tmp_path)
    weights = published_weights(vocabulary)
    values = {"model": weights, "params": Malice()} if where == "beside" else {"model": weights | {"more": Malice()}}
    torch.save(values, "published.pth", _use_new_zipfile_serialization=zipped)
    code, said = call("import", **{"from": "published.pth"}, out="ours")
    assert code == 1 and "mkdir" in said and "weights_only" not in said
    assert not Path("ran").exists() and not Path("ours").exists()


def test_files_that_are_cut_off_or_none_are_one_message(call, vocabulary, tmp_path):
    whole, source = tmp_path / "whole.pth", tmp_path / "published.pth"
    for zipped in (True, False):
        torch.save(published_weights(vocabulary), whole, _use_new_zipfile_serialization=zipped)
        content = whole.read_bytes()
        for length in (0, 1, 100, len(content) // 2, len(content) - 1):
            source.write_bytes(content[:length])
            code, said = call("import", **{"from": source}, out=tmp_path / "ours")
            assert code == 1 and f"{source} cannot be read as weights" in said, length
    for name, content in (("a.safetensors", b"\xff" * 100), ("a.pth", b"<html></html>"), ("b.pth", b"PK\x03\x04" * 9)):
        (tmp_path / name).write_bytes(content)
        code, said = call("import", **{"from": tmp_path / name}, out=tmp_path / "ours")
        assert code == 1 and "cannot be read as weights" in said
    code, said = call("import", **{"from": tmp_path}, out=tmp_path.parent / "ours")
    assert code == 1 and "is a folder" in said
    code, said = call("import", **{"from": tmp_path / "none"}, out=tmp_path / "ours")
    assert code == 1 and "is not there" in said
    assert not (tmp_path / "ours").exists()


def test_a_compressed_file_is_not_unpacked(call, vocabulary, tmp_path):
    torch.save(published_weights(vocabulary), tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "published.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    code, said = call("import", **{"from": tmp_path / "published.pth"}, out=tmp_path / "ours")
    assert code == 1 and "it is compressed" in said


def test_other_folders_are_not_overwritten_and_its_own_output_is(call, vocabulary, tmp_path):
    torch.save(published_weights(vocabulary), tmp_path / "published.pth")
    given = {"from": tmp_path / "published.pth"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all I have")
    code, said = call("import", **given, out=tmp_path / "mine")
    assert code == 2 and "holds what this stage did not write" in said
    for _ in range(2):
        assert call("import", **given, out=tmp_path / "ours")[0] == 0
        assert call("export", checkpoint=tmp_path / "ours", out=tmp_path / "theirs")[0] == 0
    assert json.loads((tmp_path / "theirs" / "export.json").read_text())["tensors"] == len(published_weights(5))
    code, said = call("something")
    assert code == 2 and "import,export" in said
