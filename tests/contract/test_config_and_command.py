from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.command import PathOption, run_stage
from contract.config import as_parameters, load_config, option, read_yaml
from contract.errors import InputError, M3PError, PassingError, UsageError


@dataclass(frozen=True)
class Inner:
    deep: int = option(1, "a number")


@dataclass(frozen=True)
class Config:
    languages: tuple[str, ...] = option(("en",), "languages")
    rate: float = option(0.5, "a rate", "0 to 1")
    size: int = option(3, "100 % of it", "px")
    on: bool = option(True, "a switch")
    folder: Path | None = option(None, "a folder")
    weights: dict[str, float] = option({}, "weights")
    inner: Inner = option(Inner(), "more")


def stage(*arguments: str, run=lambda call: None) -> int:
    return run_stage("thing", Config, [PathOption("in-folder", "in"), PathOption("out", "out", False)], run,
                     "A stage.", ["--in-folder", "x", *arguments])  # fmt: skip


def call_of(*arguments: str):
    calls = []
    assert stage(*arguments, run=calls.append) == 0
    return calls[0]


def test_values_become_what_the_hints_say():
    values = {"languages": ["de", "fr"], "rate": 1, "folder": "a/b", "weights": {"de": 2}, "inner": {"deep": 5}}
    config = load_config(Config, values, "test")
    assert config.languages == ("de", "fr") and config.folder == Path("a/b") and config.weights == {"de": 2.0}
    assert isinstance(config.rate, float) and config.inner.deep == 5
    assert as_parameters(config)["folder"] == "a/b" and as_parameters(config)["languages"] == ["de", "fr"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sise": 3}, "did you mean 'size'"),
        ({"size": 3.0}, "size is 3.0"),
        ({"size": True}, "size is True"),
        ({"on": 1}, "on is 1"),
        ({"rate": "0.5"}, "rate is '0.5'"),
        ({"languages": "de"}, "languages is 'de'"),
        ({"languages": [1]}, r"languages\[0\] is 1"),
        ({"weights": {"de": "x"}}, r"weights\.de"),
        ({"inner": {"deeper": 1}}, "unknown key 'deeper'"),
        ({"size": None}, "size is None"),
        ([], "a mapping"),
    ],
)
def test_values_that_do_not_fit(values, message):
    with pytest.raises(UsageError, match=message):
        load_config(Config, values, "profile: thing")


@pytest.mark.parametrize("text", ["a: [", "- 1", "!!python/object/apply:os.system ['true']", ""])
def test_profiles_that_are_no_mapping(tmp_path, text):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(UsageError):
        read_yaml(tmp_path / "p.yaml")


def test_the_command_line_goes_before_the_profile(tmp_path, monkeypatch):
    profile = tmp_path / "p.yaml"
    profile.write_text("seed: 9\nthing:\n  size: 4\n  languages: [de]\n")
    monkeypatch.setenv("M3P_WORKERS", "3")
    call = call_of("--params", str(profile), "--languages", "fr,es", "--no-on", "--weights", '{"de": 2}')
    assert (call.config.size, call.config.languages, call.config.on) == (4, ("fr", "es"), False)
    assert call.config.weights == {"de": 2.0} and (call.seed, call.workers) == (9, 3)
    assert call.path("in_folder") == Path("x")
    assert call_of("--params", str(profile), "--seed", "0", "--workers", "1").seed == 0
    with pytest.raises(UsageError, match="--out is missing"):
        call.path("out")


def test_help_names_units_and_defaults(capsys):
    with pytest.raises(SystemExit) as done:
        stage("--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert done.value.code == 0 and "[px] (default: 3)" in shown and "100 % of it" in shown


def failing(error: Exception):
    def run(call):
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), 1),
        (UsageError("x"), 2),
        (PassingError("x"), 75),
        (ValueError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_are_one_message_and_an_exit_code(capsys, error, code):
    assert stage(run=failing(error)) == code
    assert "Traceback" not in capsys.readouterr().err
    stage("--debug", run=failing(error))


def test_an_error_says_what_was_expected_and_what_to_do(capsys):
    error = InputError("a.txt is empty.", "one line.", "fill it.")
    stage(run=failing(error))
    assert capsys.readouterr().err == "m3p thing: a.txt is empty.\nExpected: one line.\nTo do: fill it.\n"
    kind, parts = error.__reduce__()
    assert isinstance(kind(*parts), M3PError) and str(kind(*parts)) == str(error)


@pytest.mark.parametrize("kind", [InputError, ValueError])
def test_what_data_hold_tells_a_terminal_nothing(capsys, kind):
    stage(run=failing(kind("the picture 'é\x1b[2J\u202e' is none")))
    said = capsys.readouterr().err
    assert r"the picture 'é\x1b[2J\u202e' is none" in said and "\x1b" not in said


def test_wrong_usage_ends_with_two(tmp_path):
    (tmp_path / "p.yaml").write_text("thing: {sise: 1}\n")
    assert stage("--params", str(tmp_path / "p.yaml")) == 2
    assert stage("--workers", "-1") == 2
    with pytest.raises(SystemExit) as done:
        stage("--sise", "1")
    assert done.value.code == 2


def test_an_anchor_bomb_a_key_twice_and_other_encodings_are_one_short_message(tmp_path):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
    )
    (tmp_path / "p.yaml").write_text(bomb + "thing: {rate: *j}\n")
    values = read_yaml(tmp_path / "p.yaml")
    with pytest.raises(UsageError) as refused:
        load_config(Config, values["thing"], "p.yaml: thing")
    assert len(str(refused.value)) < 500
    for content in (b"thing: {rate: 1, rate: 2}", b"thing: {}\nthing: {}", b"thing: \xff", b"[" * 20_000):
        (tmp_path / "p.yaml").write_bytes(content)
        with pytest.raises(UsageError, match=r"p\.yaml is not valid YAML"):
            read_yaml(tmp_path / "p.yaml")


@pytest.mark.parametrize("section", ["[1, 2]", "5", "text"])
def test_a_section_that_is_no_mapping_is_wrong_usage(tmp_path, capsys, section):
    (tmp_path / "p.yaml").write_text(f"thing: {section}\n")
    assert stage("--params", str(tmp_path / "p.yaml")) == 2
    assert "a mapping of keys to values" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["abc", "1.5", "[1]"])
def test_a_seed_that_is_no_number_is_wrong_usage(tmp_path, capsys, seed):
    (tmp_path / "p.yaml").write_text(f"seed: {seed}\n")
    assert stage("--params", str(tmp_path / "p.yaml")) == 2
    assert "a whole number" in capsys.readouterr().err


def test_workers_are_a_number_from_one_on(monkeypatch, capsys):
    assert stage("--workers", "0") == 2
    monkeypatch.setenv("M3P_WORKERS", "abc")
    assert stage() == 2
    assert "M3P_WORKERS is abc" in capsys.readouterr().err


@dataclass(frozen=True)
class Started:
    from_: Path | None = option(None, "a folder")


def test_a_key_that_python_keeps_for_itself_is_written_plainly(tmp_path, capsys):
    profile, calls = tmp_path / "profile.yaml", []
    profile.write_text("thing:\n  from: a/b\n")

    def call(*arguments: str) -> int:
        return run_stage("thing", Started, [], calls.append, "A stage.", arguments)

    assert call("--params", str(profile)) == call("--from", "c") == 0
    assert [one.config.from_ for one in calls] == [Path("a/b"), Path("c")]
    profile.write_text("thing:\n  from_: a/b\n")
    assert call("--params", str(profile)) == 2
    assert "unknown key 'from_'" in (said := capsys.readouterr().err) and "did you mean 'from'" in said
