import pytest

from contract.errors import InputError
from model.config import NetworkConfig
from model.languages import without_embedding

CONFIG = NetworkConfig(
    network="generation", layers=1, width=8, heads=1, dropout=0.0, vocabulary=10, languages=("de", "en"), feature_dim=8,
    object_classes=(), max_text_length=8, feature_scaling="unit",
)  # fmt: skip


def test_what_a_network_cannot_write_is_left_out_and_said(capsys):
    assert without_embedding(CONFIG, [["de"], ["en"]]) == [] and capsys.readouterr().out == ""
    assert without_embedding(CONFIG, [["fr"], ["en"], ["cs"]]) == ["cs", "fr"]
    assert "no embedding for cs, fr: left out" in capsys.readouterr().out


@pytest.mark.parametrize("asked", [[["fr"]], [("en", "fr"), ("fr", "en")]])
def test_where_nothing_would_be_left_it_is_an_error(asked):
    with pytest.raises(InputError, match=r"no embedding for fr, and nothing else(?s:.*)texts in de, en"):
        without_embedding(CONFIG, asked)
