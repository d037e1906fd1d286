"""A dataset's card: in the hub's form, the same every time, and in nobody's way."""

import re
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from dataset_world import corpus_rows, write_dataset
from huggingface_hub import DatasetCard

from contract.card import CARD, card_of
from contract.manifest import read_manifest
from contract.places import Place
from contract.schemas import SCHEMAS
from contract.verification.dataset import verify_dataset

DATASETS = ("images", "captions", "regions", "triples", "lexicon", "codeswitch", "corpus")


@pytest.mark.parametrize("name", DATASETS)
def test_a_card_is_loaded_by_the_hubs_library_and_names_every_column(whole, name):
    card = DatasetCard.load(whole / name / CARD)
    data = card.data.to_dict()
    rows = read_manifest(whole / name).rows_out
    assert [one["name"] for one in data["dataset_info"]["features"]] == SCHEMAS[name].arrow.names
    assert data["dataset_info"]["splits"][0]["num_examples"] == rows
    assert data["tags"] == ["m3p", name] and data["size_categories"] == ["n<1K"]
    (config,) = data["configs"]
    found = sorted((whole / name).glob(config["data_files"][0]["path"]))
    assert sum(pq.read_metadata(file).num_rows for file in found) == rows, "these files, and no rejects"
    for field in SCHEMAS[name].arrow:
        assert f"| `{field.name}`" in card.text


def test_it_says_what_made_the_dataset_and_what_was_rejected(whole):
    text = (whole / "captions" / CARD).read_text()
    assert "stage `captions` with seed 7" in text and "38 rows in, 36 out, 2 rejected" in text
    assert '"layout": "multi30k"' in text and "| caption_empty | 1 | no text is left" in text
    assert read_manifest(whole / "captions").inputs["images"] in text
    assert DatasetCard(text).data.to_dict()["language"] == ["cs", "de", "en"]


def test_features_have_the_types_of_the_hubs_library(whole):
    features = {
        one["name"]: one
        for name in ("regions", "codeswitch", "triples")
        for one in DatasetCard.load(whole / name / CARD).data.to_dict()["dataset_info"]["features"]
    }
    assert features["object_scores"]["list"] == "float32" and features["features"]["dtype"] == "binary"
    assert features["replacements"]["list"][0] == {"name": "start", "dtype": "int32"}
    assert features["relevance"]["dtype"] == "float32" and features["rank"]["dtype"] == "int8"


def test_the_same_manifest_gives_the_same_card(whole):
    for name in DATASETS:
        assert card_of(read_manifest(whole / name)) == (whole / name / CARD).read_text()


def test_it_is_the_same_of_the_manifest_before_and_after_it_is_written(tmp_path):
    """JSON has no numbers as names, and sorts them otherwise."""
    counts = {2: 1, 10: 3, "coverage": ["no", "object"]}
    folder = write_dataset(
        tmp_path / "corpus", "corpus", corpus_rows(), statistics=counts, rows_by_length={9: 1, 11: 2}
    )
    assert card_of(read_manifest(folder)) == (folder / CARD).read_text()


def test_readers_of_folders_and_verification_pass_over_it(whole):
    """README.md, in its place, makes pyarrow and pandas fail: that is why the card has another name."""
    folder = whole / "captions"
    assert len(pd.read_parquet(folder)) == pq.read_table(folder).num_rows == 36
    verify_dataset(Place.of(folder))


def test_readme_md_is_in_their_way(whole, tmp_path):
    folder = shutil.copytree(whole / "captions", tmp_path / "captions")
    (folder / CARD).rename(folder / "README.md")
    with pytest.raises(pa.ArrowInvalid, match=r"README\.md"):
        pq.read_table(folder)


def test_strangers_end_neither_front_matter_nor_fence(tmp_path):
    harm = "---\nlicense: x\n---\n````\n# owned"
    folder = write_dataset(tmp_path / "corpus", "corpus", corpus_rows(), name_of_source=harm,
                           statistics={"languages": {"de": {"```": 1}, "e]n\n: x": {}}})  # fmt: skip
    text = card_of(read_manifest(folder))
    _, head, body = re.split(r"(?m)^---\n", text, maxsplit=2)
    assert "license" not in yaml.safe_load(head)
    assert yaml.safe_load(head)["language"] == ["de"]
    assert not re.search(r"(?m)^# owned", body)
