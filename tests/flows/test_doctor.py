"""`m3p doctor` and the server that is not there: what is missing, and how it is had, in one message each."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from project import m3p, make_project
from server import unclean
from storage import KEYS, SECRET, s3_server, use_remote

NOWHERE = "http://127.0.0.1:9/api"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def finding(said: str, subject: str) -> tuple[str, str]:
    """How a subject was found, and what is said of it with its remedy."""
    lines = said.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line[8:].startswith(f"{subject}: "))
    remedy = lines[at + 1] if lines[at + 1 : at + 2] and lines[at + 1].lstrip().startswith("to do: ") else ""
    return lines[at].split()[0], lines[at] + remedy


def test_everything_that_is_needed_is_looked_at(project):
    result = m3p(project, "doctor")
    assert result.returncode == 0, result.stdout
    assert result.stderr == ""
    for subject in ("Python", "packages", "processor", "memory", "disk", "git"):
        assert finding(result.stdout, subject)[0] in ("ok", "absent"), subject
    assert any(line[8:].startswith("GPU") for line in result.stdout.splitlines())
    assert "make serve" in finding(result.stdout, "Prefect server")[1]
    assert "dvc remote add -d" in finding(result.stdout, "DVC remote")[1]
    assert finding(result.stdout, "dvc_s3 (DVC remotes in S3-compatible storage)")[0] == "ok"


def test_outside_a_project_the_rest_is_looked_at(tmp_path):
    result = m3p(tmp_path, "doctor")
    assert (result.returncode, result.stderr) == (0, "")
    for subject in ("Python", "packages", "processor", "disk", "git", "Prefect server"):
        assert finding(result.stdout, subject), subject
    assert finding(result.stdout, "dvc_s3 (DVC remotes in S3-compatible storage)")[0] == "ok"
    sign, said = finding(result.stdout, "project")
    assert sign == "absent" and str(tmp_path) in said and "DVC remote" in said and "in your clone" in said


@pytest.mark.parametrize(
    "keys",
    [{}, {"AWS_ACCESS_KEY_ID": "the-key"}, {"AWS_PROFILE": "nobody"}],
    ids=["none", "half of them", "no profile"],
)
def test_without_credentials_it_says_where_they_go(project, tmp_path, keys):
    with s3_server("m3p") as address:
        use_remote(project, address)
        result = m3p(project, "doctor", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true", **keys)
    sign, said = finding(result.stdout, "DVC remote")
    assert (result.returncode, sign) == (1, "MISSING")
    assert "to do: export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in said and "access_key_id …" in said


def test_a_remote_that_answers_is_well(project):
    with s3_server("m3p") as address:
        use_remote(project, address)
        result = m3p(project, "doctor", **KEYS)
        assert finding(result.stdout, "DVC remote") == ("ok", "ok      DVC remote: store answers")
        use_remote(project, address, "s3://other/store")
        result = m3p(project, "doctor", **KEYS)
    assert result.returncode == 1
    sign, said = finding(result.stdout, "DVC remote")
    assert sign == "MISSING" and "make the bucket" in said
    assert SECRET not in result.stdout


def test_a_server_that_does_not_answer_is_missing_and_its_password_is_not_shown(project):
    result = m3p(project, "doctor", PREFECT_API_URL=NOWHERE.replace("//", "//me:hunter2@"))
    assert result.returncode == 1
    sign, said = finding(result.stdout, "Prefect server")
    assert sign == "MISSING"
    assert "does not answer" in said and "make serve" in said
    assert "hunter2" not in result.stdout


@contextmanager
def server_of_version(version: str) -> Iterator[str]:
    """Something that answers as a Prefect server of that version would when it is asked for it."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(version).encode())

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


def test_a_server_of_another_version_is_said_to_be_one(project):
    with server_of_version("2.0.1") as url:
        result = m3p(project, "doctor", PREFECT_API_URL=url)
    sign, said = finding(result.stdout, "Prefect server")
    assert (result.returncode, sign) == (1, "MISSING")
    assert "Prefect 2.0.1" in said


@pytest.mark.parametrize("command", [["run", "--profile", "demo"], ["deploy"]])
def test_without_its_server_a_command_ends_with_one_message(project, command):
    result = m3p(project, *command, PREFECT_API_URL=NOWHERE)
    assert result.returncode == 75
    assert f"The Prefect server {NOWHERE} does not answer." in result.stderr
    assert not unclean(result.stdout + result.stderr)
    assert len(result.stderr.splitlines()) == 3


def test_deployments_need_a_server(project):
    result = m3p(project, "deploy")
    assert result.returncode == 2
    assert "PREFECT_API_URL" in result.stderr
