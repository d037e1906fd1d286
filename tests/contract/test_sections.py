"""A section of one task goes before the common one; the command line goes before both."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from contract.command import run_stage
from contract.config import option
from contract.errors import UsageError

PROFILE = """\
seed: 3
learn: {steps: 5, rate: 0.5}
learn-reading: {steps: 7}
learn-aloud: {rate: 0.25}
"""


@dataclass(frozen=True)
class Learn:
    MOVED: ClassVar[dict[str, str]] = {"pages": "`steps` in the section 'learn-reading'"}

    task: str = option("reading", "the task")
    steps: int = option(10, "steps")
    rate: float = option(0.1, "a rate")

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(f"steps is {self.steps}.", "1 or more.")


def learn(*arguments: str, run=lambda call: None) -> int:
    return run_stage("learn", Learn, [], run, "Learns.", arguments, task_of=lambda call: call.config.task)


def learnt(tmp_path: Path, *arguments: str, profile: str = PROFILE) -> Learn:
    (tmp_path / "p.yaml").write_text(profile)
    calls = []
    assert learn("--params", str(tmp_path / "p.yaml"), *arguments, run=calls.append) == 0
    return calls[0].config


def test_the_task_that_is_asked_for_brings_its_section(tmp_path):
    assert learnt(tmp_path) == Learn("reading", 7, 0.5)
    assert learnt(tmp_path, "--task", "writing") == Learn("writing", 5, 0.5), "it has no section of its own"
    assert learnt(tmp_path, profile=PROFILE.replace("{steps: 5", "{task: aloud, steps: 5")) == Learn("aloud", 5, 0.25)
    assert learnt(tmp_path, profile="learn-reading: {}\n") == Learn()


def test_the_command_line_goes_before_both_sections(tmp_path):
    assert learnt(tmp_path, "--steps", "1") == Learn("reading", 1, 0.5)


def test_another_section_may_be_named(tmp_path):
    assert learnt(tmp_path, "--section", "learn-aloud") == Learn("reading", 5, 0.25)


@pytest.mark.parametrize("named", ["learn-alowd", "learn", "seed"])
def test_a_section_that_the_profile_lacks_is_refused(tmp_path, capsys, named):
    (tmp_path / "p.yaml").write_text(PROFILE)
    assert learn("--params", str(tmp_path / "p.yaml"), "--section", named) == 2
    said = capsys.readouterr().err
    assert repr(named) in said and "learn-reading, learn-aloud" in said
    assert learn("--section", "learn-aloud") == 2, "there is no profile that could hold it"
    assert "--params" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{stepz: 5}", "learn-reading has the unknown key 'stepz'"),
        ("{steps: 0}", "learn-reading: steps is 0"),
        ("[5]", "learn-reading is [5]"),
        ("{pages: 5}", "learn-reading has the key 'pages', which has moved.\nExpected: `steps` in the section"),
    ],
)
def test_what_is_wrong_in_the_section_of_a_task_is_said_of_that_section(tmp_path, capsys, section, said):
    (tmp_path / "p.yaml").write_text(f"learn: {{steps: 5}}\nlearn-reading: {section}\n")
    assert learn("--params", str(tmp_path / "p.yaml")) == 2
    assert said in capsys.readouterr().err
