"""Profiles as a whole: which sections they state, and what is said of those of an earlier form."""

from pathlib import Path

import pytest
import yaml

from contract.errors import UsageError
from contract.profile import SECTIONS, load_profile
from model.evaluate import main as evaluate_main
from model.finetune import main as finetune_main
from model.task_config import FINETUNED

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A profile in a folder of its own, which a test changes and loads."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    stated = yaml.safe_load((REPOSITORY / "profiles" / "demo.yaml").read_text())

    def load(**changes):
        values = {name: value for name, value in (stated | changes).items() if value is not None}
        (tmp_path / "profiles" / "p.yaml").write_text(yaml.safe_dump(values))
        return load_profile("p")

    return load


def test_every_task_may_have_settings_of_its_own_in_a_profile(profile):
    tasks = {*FINETUNED, "mild"}
    for section in ("finetune", "evaluate"):
        assert {name.removeprefix(f"{section}-") for name in SECTIONS if name.startswith(f"{section}-")} == tasks
    loaded = profile(**{"finetune": {"steps": 9, "batch_size": 4}, "finetune-headlines": {"steps": 3}})
    own = loaded.sections["finetune-headlines"]
    assert (own.steps, own.batch_size, loaded.sections["finetune"].steps) == (3, 4, 9)


def test_a_profile_is_told_all_sections_that_it_lacks(profile):
    with pytest.raises(UsageError, match="lacks the sections 'finetune-captioning', 'evaluate-mild'") as refused:
        profile(**{"finetune-captioning": None, "evaluate-mild": None})
    assert "`finetune-captioning: {}`, `evaluate-mild: {}`" in refused.value.remedy


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("captioning_steps", "`steps` in the section 'finetune-captioning'"),
        ("entailment_steps", "`steps` in the section 'finetune-entailment'"),
        ("translation_steps", "`steps` in the section 'finetune-translation'"),
        ("headlines_steps", "`steps` in the section 'finetune-headlines'"),
        ("generation_learning_rate", "`learning_rate` in .* 'finetune-captioning', 'finetune-translation'"),
    ],
)
def test_a_profile_of_an_earlier_form_is_told_where_its_keys_stand_now(profile, key, place):
    earlier = {name: None for name in SECTIONS if name.startswith(("finetune-", "evaluate-"))}
    with pytest.raises(UsageError, match=rf"p\.yaml: finetune has the key '{key}'(?s:.)*{place}"):
        profile(**earlier | {"finetune": {"steps": 120, key: 1}})


@pytest.mark.parametrize(("main", "section"), [(finetune_main, "finetune"), (evaluate_main, "evaluate")])
def test_the_stages_of_tasks_read_their_sections(tmp_path, monkeypatch, capsys, main, section):
    (tmp_path / "p.yaml").write_text(f"{section}: {{}}\n{section}-headlines: {{one: 1}}\n{section}-mild: {{two: 2}}\n")
    line = ["--checkpoint", "none", "--out", str(tmp_path / "out"), "--params", str(tmp_path / "p.yaml"), "--task"]
    for further, said in (
        (["headlines"], "headlines has the unknown key 'one'"),
        (["retrieval", "--section", f"{section}-mild"], "mild has the unknown key 'two'"),
    ):
        monkeypatch.setattr("sys.argv", [section, *line, *further])
        assert main() == 2
        assert f"{section}-{said}" in capsys.readouterr().err
