"""A changed setting puts those stages out of date that read it, and no other: DVC's own word over the whole graph."""

import re
from pathlib import Path
from shutil import copy, copytree

import pytest
import yaml

from flows.graph import open_repo

REPOSITORY = Path(__file__).parents[1]
CODE = re.compile(r"^ *- (contract|pipelines|model|reports)/(?!\$).*\n", re.MULTILINE)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """The graph of dvc.yaml, but for the code, in a repository of its own whose stages have all just run."""
    folder = tmp_path_factory.mktemp("project")
    copy(REPOSITORY / "params.yaml", folder)
    copytree(REPOSITORY / "profiles", folder / "profiles")
    (folder / "dvc.yaml").write_text(CODE.sub("", (REPOSITORY / "dvc.yaml").read_text()))
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with open_repo() as repo:
            paths = {Path(item.fs_path) for stage in repo.index.stages for item in (*stage.deps, *stage.outs)}
            for path in sorted(paths, reverse=True):  # what lies in a folder comes before it, and makes it
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(path.name)
            repo.commit(force=True)
        yield folder


def out_of_date(folder: Path, section: str, key: str) -> set[str]:
    """The stages that DVC calls changed where one number of the demo's profile is another."""
    profile = folder / "profiles" / "demo.yaml"
    before = profile.read_text()
    values = yaml.safe_load(before)
    values[section][key] = values[section].get(key, 0) + 1
    profile.write_text(yaml.safe_dump(values))
    try:
        with open_repo() as repo:
            return set(repo.status())
    finally:
        profile.write_text(before)


def items(*tasks: str) -> set[str]:
    return {f"{task}@demo-{setting}" for task in tasks for setting in ("none", "en", "each", "all")}


def all_of(stage: str) -> set[str]:
    tasks = ("retrieval", "captioning", "translation", "entailment", "headlines")
    return items(*(f"{stage}-{task}" for task in tasks)) | {
        f"{stage}-mild@demo-query",
        f"{stage}-mild@demo-query-context",
    }


@pytest.mark.parametrize(
    ("section", "key", "stages"),
    [
        ("finetune-headlines", "steps", items("finetune-headlines")),
        ("finetune", "batch_size", all_of("finetune")),
        ("evaluate-retrieval", "captions_per_image", items("evaluate-retrieval") | {"evaluate-plain@demo"}),
        ("evaluate", "beam", all_of("evaluate") | {"evaluate-plain@demo"}),
    ],
)
def test_one_changed_setting_re_runs_only_itself(settled, section, key, stages):
    assert out_of_date(settled, section, key) == stages
