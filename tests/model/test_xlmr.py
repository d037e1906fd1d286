"""XLM-R's weights: the same numbers as transformers computes with them, and the start of a training."""

import json
import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from safetensors.torch import load_file, save_file
from task_world import world  # noqa: F401
from test_pretrain import command, data  # noqa: F401

from contract.errors import InputError
from model import checkpoint
from model.config import NetworkConfig
from model.network import build
from model.pretrain import main as pretrain_main
from model.start import begin
from model.start_from import read_start
from model.tokenizer import BOS, EOS, MODEL_FILE, PAD, Tokenizer

transformers = pytest.importorskip("transformers", exc_type=ImportError)


def xlmr(vocabulary: int, width: int = 32, layers: int = 2, heads: int = 2, positions: int = 66, **more):
    """XLM-R of some size with random weights; norms and biases are random too, so that none can be left out."""
    torch.manual_seed(0)
    config = transformers.XLMRobertaConfig(
        vocab_size=vocabulary, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * width, max_position_embeddings=positions, layer_norm_eps=1e-5, type_vocab_size=1, **more,
    )  # fmt: skip
    model = transformers.XLMRobertaForMaskedLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    return model


def network(kind: str = "understanding", **sizes):
    given = {
        "network": kind, "layers": 2, "width": 32, "heads": 2, "dropout": 0.1, "vocabulary": 90, "languages": ("en",),
        "feature_dim": 6, "object_classes": ("cup", "car"), "max_text_length": 16, "feature_scaling": "standard",
    }  # fmt: skip
    torch.manual_seed(1)
    return build(NetworkConfig(**given | sizes)).eval()


@torch.inference_mode()
def test_at_base_shape_text_has_the_states_and_words_the_logits_that_transformers_gives(tmp_path, record_property):
    theirs = xlmr(1000, 768, 12, 12, 514)
    theirs.save_pretrained(tmp_path)
    sizes = {"layers": 12, "width": 768, "heads": 12, "vocabulary": 1000, "max_text_length": 128}
    ours = network(**sizes)
    parts = begin(ours, read_start(tmp_path), tmp_path)
    assert "vocabulary" not in parts.fresh and not any(part.startswith("layers") for part in parts.fresh)
    tokens = torch.randint(4, 999, (3, 128))
    tokens[:, 0] = BOS
    for row, length in enumerate((128, 40, 7)):
        tokens[row, length - 1] = EOS
        tokens[row, length:] = PAD
    real = tokens != PAD
    expected = theirs.roberta(tokens, attention_mask=real).last_hidden_state
    found = ours.text(tokens)
    record_property("base shape: furthest hidden state", f"{(found - expected)[real].abs().max():.1e}")
    torch.testing.assert_close(found[real], expected[real], atol=1e-4, rtol=0)
    logits = theirs(tokens, attention_mask=real).logits
    record_property("base shape: furthest logit", f"{(ours.vocabulary(found) - logits)[real].abs().max():.1e}")
    torch.testing.assert_close(ours.vocabulary(found[real]), logits[real], atol=1e-4, rtol=0)
    assert expected[real].std() > 0.1 and logits[real].std() > 0.1  # so that the comparison says something


@pytest.mark.parametrize("zipped", [True, False], ids=["since torch 1.6", "before"])
def test_a_file_of_torch_is_read_as_well(tmp_path, zipped):
    theirs = xlmr(90)
    theirs.save_pretrained(tmp_path / "new")
    theirs.config.save_pretrained(tmp_path / "old")
    torch.save(theirs.state_dict(), tmp_path / "old" / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    new, old = (read_start(tmp_path / name) for name in ("new", "old"))
    assert new.tensors.keys() == old.tensors.keys() and len(new.tensors) == 2 * 16 + 4 + 5
    assert all(torch.equal(tensor, old.tensors[name]) for name, tensor in new.tensors.items())
    assert new.fingerprint() != old.fingerprint()


def test_what_xlmr_lacks_starts_fresh_and_is_named(tmp_path):
    xlmr(90).save_pretrained(tmp_path)
    fresh, started = network("generation"), network("generation")
    parts = begin(started, read_start(tmp_path), tmp_path)
    assert parts.left_out == []
    assert set(parts.fresh) == {
        "embeddings.feature", "embeddings.languages", "embeddings.location", "embeddings.region_norm",
        "layers.*.cross_attention.key", "layers.*.cross_attention.out", "layers.*.cross_attention.query",
        "layers.*.cross_attention.value", "layers.*.cross_norm",
    }  # fmt: skip
    before, after = fresh.state_dict(), started.state_dict()
    assert torch.equal(before["embeddings.feature.weight"], after["embeddings.feature.weight"])
    assert not torch.equal(before["layers.1.expand.weight"], after["layers.1.expand.weight"])


def test_without_its_head_xlmr_gives_the_encoder_alone(tmp_path):
    xlmr(90).roberta.save_pretrained(tmp_path)
    parts = begin(network(), read_start(tmp_path), tmp_path)
    assert {"vocabulary", "vocabulary.dense", "vocabulary.norm"} < set(parts.fresh)
    assert not any(part.startswith("layers") or part == "embeddings.words" for part in parts.fresh)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"vocabulary": 91}, "vocabulary 90; this network has 91"),
        ({"heads": 4}, "heads 2; this network has 4"),
        ({"layers": 3}, "layers 2; this network has 3"),
        ({"width": 64}, "width 32; this network has 64"),
        ({"max_text_length": 128}, r"positions.weight of the shape \[66, 32\]"),
    ],
)
def test_another_shape_is_one_message_that_names_it(tmp_path, sizes, said):
    xlmr(90).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=said):
        begin(network(**sizes), read_start(tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"layer_norm_eps": 1e-12}, "layer_norm_eps 1e-12"),
        ({"hidden_act": "relu"}, "hidden_act 'relu'"),
        ({"type_vocab_size": 2}, "type_vocab_size 2"),
        ({"num_hidden_layers": 10**7}, "lacks encoder.layer"),
        ({"num_hidden_layers": "2"}, "lacks a size"),
        ({"hidden_size": None}, "lacks a size"),
        ({"model_type": "bert"}, "is no checkpoint"),
    ],
)
def test_a_configuration_that_the_network_cannot_follow_is_one_message(tmp_path, stated, said):
    xlmr(90).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | stated))
    with pytest.raises(InputError, match=said):
        read_start(tmp_path)


class Malice:
    def __reduce__(self):
        return os.mkdir, ("ran",)


def test_weights_that_are_none_or_hold_code_are_one_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = xlmr(90)
    model.config.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="holds no weights"):
        read_start(tmp_path)
    torch.save(model.state_dict() | {"more": Malice()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"it asks for \w+\.mkdir") as caught:
        read_start(tmp_path)
    assert "weights_only" not in str(caught.value) and not Path("ran").exists()
    save_file({"a": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"lacks embeddings\.LayerNorm"):
        read_start(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(InputError, match="the folder of a checkpoint or of XLM-R"):
        read_start(tmp_path)
    with pytest.raises(InputError, match="is a file"):
        read_start(tmp_path / "model.safetensors")


@pytest.fixture
def hub():
    """A hub that has nothing, and the paths that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def test_the_hub_is_asked_only_where_download_is_given(tmp_path, hub):
    pytest.importorskip("huggingface_hub")
    address, asked = hub
    program = (
        "import sys; from pathlib import Path; from model.start_from import read_start\n"
        "from contract.errors import InputError\n"
        "try: read_start(Path('someone/xlm-roberta'), len(sys.argv) > 1)\n"
        "except InputError as error: print(error)"
    )
    environment = os.environ | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path), "no_proxy": "127.0.0.1"}
    environment.pop("HF_HUB_OFFLINE", None)

    def said(*more: str) -> str:
        line = [sys.executable, "-c", program, *more]
        return subprocess.run(line, capture_output=True, text=True, env=environment, timeout=120).stdout

    assert "someone/xlm-roberta is no folder, and not in the cache" in (text := said()) and "--download" in text
    assert asked == []
    assert "could not be fetched" in said("download")
    assert any("someone/xlm-roberta" in path for path in asked)


def test_a_name_that_lies_in_the_hubs_cache_needs_no_download(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    revision = "0" * 40
    place = tmp_path / "models--someone--xlm-roberta"
    xlmr(90).save_pretrained(place / "snapshots" / revision)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(revision)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert read_start(Path("someone/xlm-roberta")).sizes["width"] == 32


@pytest.fixture(scope="module")
def base(data, tmp_path_factory) -> Path:  # noqa: F811
    """XLM-R for the world's tokenizer."""
    folder = tmp_path_factory.mktemp("base") / "xlm-r"
    xlmr(Tokenizer(data["tokenizer"]).vocabulary).save_pretrained(folder)
    (folder / MODEL_FILE).write_bytes((data["tokenizer"] / MODEL_FILE).read_bytes())
    return folder


STANDING = {"steps": 1, "learning_rate": 1e-9, "tasks": '{"VLM": 1}'}  # a training that hardly moves


@pytest.fixture
def pretrain(data, monkeypatch, capsys):  # noqa: F811
    """Pre-trains, and answers with exit code and all that was printed."""

    def call(kind: str, out: Path, **settings) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", command(kind, data, out, kind != "generation", **STANDING | settings)[2:])
        code = pretrain_main()
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


def test_pretraining_starts_from_xlmr_and_from_what_it_made_of_it(pretrain, base, tmp_path):
    code, said = pretrain("understanding", tmp_path / "one", **{"from": base})
    assert code == 0, said
    assert f"starting from {base}; not there, so fresh: embeddings.feature," in said
    assert "there, and left out: nothing" in said
    theirs, ours = load_file(base / "model.safetensors"), load_file(tmp_path / "one" / checkpoint.WEIGHTS)
    words = theirs["roberta.embeddings.word_embeddings.weight"]
    torch.testing.assert_close(ours["embeddings.words.weight"], words, atol=1e-6, rtol=0)
    stated = json.loads((tmp_path / "one" / "config.json").read_text())["training"]
    assert len(stated["inputs"]["from"]) == 64 and str(base) not in json.dumps(stated), "what it is, not where"

    code, said = pretrain("understanding", tmp_path / "two", **{"from": tmp_path / "one"}, seed=4)
    assert code == 0 and "so fresh: nothing" in said, said
    again = load_file(tmp_path / "two" / checkpoint.WEIGHTS)
    for name, tensor in ours.items():
        torch.testing.assert_close(again[name], tensor, atol=1e-6, rtol=0)

    code, said = pretrain("generation", tmp_path / "three", **{"from": tmp_path / "one"}, tasks='{"IC": 1}')
    assert code == 0, said
    assert "layers.*.cross_attention.key" in said and "left out: match, pool, region_class," in said


def test_pretraining_refuses_a_start_of_another_shape_or_tokenizer(pretrain, base, tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    shutil.copytree(base, other)
    with (other / MODEL_FILE).open("ab") as file:
        file.write(b"\x12\x00")
    for settings, expected in (
        ({"from": base, "heads": 4}, "was trained with heads 2; this network has 4"),
        ({"from": base, "max_text_length": 80}, "positions.weight of the shape [66, 32]"),
        ({"from": other}, "is not the tokenizer of the weights"),
        ({"from": tmp_path / "none"}, "none is no folder"),
    ):
        code, said = pretrain("understanding", out, **settings)
        assert code == 1 and expected in said and "Traceback" not in said and not out.exists()


def test_pretraining_does_not_overwrite_what_it_starts_from(pretrain, tmp_path):
    out = tmp_path / "out"
    assert pretrain("understanding", out)[0] == 0
    before = (out / checkpoint.WEIGHTS).read_bytes()
    code, said = pretrain("understanding", out, **{"from": out})
    assert code == 2 and "would overwrite" in said
    assert (out / checkpoint.WEIGHTS).read_bytes() == before


def test_a_profile_names_the_start_with_the_same_key(pretrain, base, tmp_path):
    profile = tmp_path / "profile.yaml"
    profile.write_text(f"seed: 3\nunderstanding:\n  from: {base}\n")
    code, said = pretrain("understanding", tmp_path / "out", params=profile)
    assert code == 0 and f"starting from {base}" in said, said
