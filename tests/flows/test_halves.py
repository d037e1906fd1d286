"""Half a run here and half there, the DVC remote between them: a real S3 server, and two copies of a tiny project."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import begun, m3p, make_project
from storage import KEYS, SECRET, client_of, s3_server, use_remote, without_keys

from contract.errors import InputError, PassingError
from flows.remote import explained

DATA_STEPS = {"data/demo/raw", "data/demo/images", "data/demo/corpus"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3_server("m3p") as address:
        yield address


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, address: str) -> tuple[Path, Path]:
    """Two copies of the project: in the first the data half has run."""
    folder = tmp_path_factory.mktemp("two")
    one, other = make_project(folder / "one"), make_project(folder / "other")
    for clone in (one, other):
        use_remote(clone, address)
    result = m3p(one, "run", "--profile", "demo", "--half", "data", **KEYS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert "the data half of demo is in the remote" in result.stdout
    return one, other


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_makes_the_data_and_the_other_trains_on_them(two, address):
    one, other = two
    assert set(begun(one)) == DATA_STEPS

    result = m3p(other, "run", "--profile", "demo", "--half", "train", **KEYS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert not DATA_STEPS & set(begun(other)), "it made no data"
    assert begun(other)[-1] == "reports/demo"
    assert not (other / "data" / "demo" / "raw" / "text").exists(), "no stage of this half reads it"
    for name in ("images", "corpus"):
        manifest = Path("data", "demo", name, "_manifest.json")
        assert (other / manifest).read_bytes() == (one / manifest).read_bytes()

    brought = m3p(one, "pull", "--profile", "demo", **KEYS)
    assert brought.returncode == 0, brought.stderr
    page = Path("reports", "demo", "index.html")
    assert (one / page).read_bytes() == (other / page).read_bytes()
    assert set(begun(one)) == DATA_STEPS, "and trained nothing"

    again = m3p(other, "run", "--profile", "demo", "--half", "train", **KEYS)
    assert again.returncode == 0, again.stderr
    assert begun(other).count("reports/demo") == 1, "all was up to date"


def test_the_secret_lies_nowhere(two, address):
    one, other = two
    for clone in (one, other):
        files = [path for path in clone.rglob("*") if path.is_file()]
        assert any(path.name == "prefect.db" for path in files)
        assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    client = client_of(address)
    for stored in client.list_objects_v2(Bucket="m3p")["Contents"]:
        assert SECRET.encode() not in client.get_object(Bucket="m3p", Key=stored["Key"])["Body"].read()


def test_data_of_other_settings_are_refused_and_nothing_is_changed(two, tmp_path):
    clone = Path(shutil.copytree(two[1], tmp_path / "clone"))
    profile = clone / "profiles" / "demo.yaml"
    profile.write_text(profile.read_text().replace("corpus: {}", "corpus: {val_fraction: 0.5}"))
    before = (clone / "dvc.lock").read_bytes()
    result = m3p(clone, "pull", "--profile", "demo", "--half", "data", **KEYS)
    assert result.returncode == 1
    assert "corpus@demo (profiles/demo.yaml)" in result.stderr
    assert "ingest@demo" not in result.stderr
    assert (clone / "dvc.lock").read_bytes() == before


def test_a_half_that_nobody_pushed_is_said_to_be_missing(two):
    result = m3p(two[0], "pull", "--profile", "own", "--half", "data", **KEYS)
    assert result.returncode == 1
    assert "m3p run --profile own --half data" in result.stderr


def pull(clone: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("m3p"), "pull", "--profile", "demo", "--half", "data"]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)


def only_message(result: subprocess.CompletedProcess[str]) -> str:
    """What was said, which is one message and nothing of a library's."""
    lines = result.stderr.splitlines()
    assert lines[0].startswith("m3p: The DVC remote store: ")
    assert all(line.startswith(("Expected: ", "To do: ")) for line in lines[1:]), result.stderr
    assert result.stdout == ""
    return result.stderr


def test_a_remote_that_does_not_answer_may_do_so_later(tmp_path):
    clone = make_project(tmp_path / "clone")
    use_remote(clone, "http://127.0.0.1:9")
    result = pull(clone, without_keys(tmp_path) | KEYS)
    assert result.returncode == 75
    assert "127.0.0.1:9" in only_message(result)


def test_no_credentials(tmp_path, address):
    clone = make_project(tmp_path / "clone")
    use_remote(clone, address)
    result = pull(clone, without_keys(tmp_path))
    assert result.returncode == 1
    assert "AWS_SECRET_ACCESS_KEY" in only_message(result)


def test_wrong_bucket(tmp_path, address):
    clone = make_project(tmp_path / "clone")
    use_remote(clone, address, "s3://nowhere/store")
    result = pull(clone, without_keys(tmp_path) | KEYS)
    assert result.returncode == 1
    assert "make the bucket" in only_message(result)


def test_no_remote_is_wrong_usage_before_anything_runs(tmp_path):
    clone = make_project(tmp_path / "clone")
    result = m3p(clone, "run", "--profile", "demo", "--half", "data")
    assert result.returncode == 2
    assert "dvc remote add -d" in result.stderr
    assert not begun(clone)


@pytest.mark.parametrize("half", ["datas", "DATA", ""])
def test_another_half_is_wrong_usage(tmp_path, half):
    result = m3p(make_project(tmp_path / "clone"), "run", "--profile", "demo", "--half", half, "--dry-run")
    assert result.returncode == 2
    assert "data or train" in result.stderr


def test_a_dry_run_of_a_half_shows_its_stages_and_what_the_other_makes(tmp_path):
    clone = make_project(tmp_path / "clone")
    shown = m3p(clone, "run", "--profile", "demo", "--half", "train", "--dry-run").stdout
    stages = [line.split()[0] for line in shown.splitlines() if line.startswith("  ") and "@demo" in line.split()[0]]
    assert set(stages) == {"evaluate@demo-mct", "evaluate@demo-plain", "report@demo"}
    assert "data/demo/corpus  made by corpus@demo, pulled from the DVC remote" in shown
    assert "data/demo/raw/images  made by scenes@demo" in shown, "the pictures that the report shows"
    assert "data/demo/raw/text" not in shown
    shown = m3p(clone, "run", "--profile", "demo", "--half", "data", "--dry-run").stdout
    assert "ingest@demo" in shown and "evaluate" not in shown and "Inputs that are not there" not in shown


@pytest.mark.parametrize(
    ("said", "kind", "remedy"),
    [
        ("An error occurred (403) when calling the HeadObject operation: Forbidden", InputError, "check the key"),
        (
            "PermissionError: The AWS Access Key Id you provided does not exist in our records.",
            InputError,
            "check the key",
        ),
        ("requires these missing dependencies: ['dvc-s3']", InputError, "pip install -e '.[s3]'"),
        ("failed to connect to s3 (b/files) - Could not connect to the endpoint URL", PassingError, "endpointurl"),
        ("timed out after 30 s", PassingError, "endpointurl"),
        ("Checkout failed for following targets: data/demo/images", InputError, "run the half"),
        ("[Errno 28] No space left on device", InputError, "make room"),
        ("something that nobody foresaw", InputError, "docs/remotes.md"),
    ],
)
def test_what_libraries_say_gets_a_remedy(said, kind, remedy):
    error = explained("store", said)
    assert type(error) is kind
    assert remedy in error.remedy


def test_names_and_passwords_within_addresses_are_left_out():
    assert "hunter2" not in str(explained("store", "ERROR: https://me:hunter2@example.org/x does not answer"))
    assert "https://example.org/x" in str(explained("store", "ERROR: https://me:hunter2@example.org/x does not answer"))
