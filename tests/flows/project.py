"""A tiny project with a real DVC repository: a dvc.yaml of the real one's form whose stages are one-line programs."""

import os
import subprocess
import sys
from pathlib import Path

from contract.profile import SECTIONS as KNOWN_SECTIONS

DVC_YAML = """\
vars:
  - params.yaml
stages:
  scenes:
    foreach: ${drawn_profiles}
    do:
      meta:
        half: data
      cmd: python step.py scenes data/${item}/raw
      params:
        - profiles/${item}.yaml:
            - scenes
      outs:
        - data/${item}/raw
  ingest:
    foreach: ${profiles}
    do:
      meta:
        half: data
        gpu: true
      cmd: python step.py ingest data/${item}/images
      deps:
        - versions/ingest
        - data/${item}/raw/images
      params:
        - profiles/${item}.yaml:
            - ingest
      outs:
        - data/${item}/images
  corpus:
    foreach: ${profiles}
    do:
      meta:
        half: data
      cmd: python step.py corpus data/${item}/corpus
      deps:
        - versions/corpus
        - data/${item}/raw/text
      params:
        - profiles/${item}.yaml:
            - corpus
      outs:
        - data/${item}/corpus
  evaluate:
    matrix:
      profile: ${profiles}
      checkpoint:
        - mct
        - plain
    meta:
      half: train
      gpu: true
    cmd: python step.py evaluate data/${item.profile}/metrics/${item.checkpoint}.json
    deps:
      - data/${item.profile}/images
    metrics:
      - data/${item.profile}/metrics/${item.checkpoint}.json
  report:
    foreach: ${profiles}
    do:
      meta:
        half: train
      cmd: python step.py report reports/${item}
      deps:
        - data/${item}/corpus
        - data/${item}/images
        - data/${item}/metrics/mct.json
        - data/${item}/metrics/plain.json
      outs:
        - reports/${item}/index.html
      plots:
        - reports/${item}/tables.csv
"""

# What a step does is steered by files in steer/: a test puts them there.
STEP = """\
import json, os, sys, time
from pathlib import Path

name, out = sys.argv[1], Path(sys.argv[2])
steer = Path("steer")
with open("events.log", "a") as log:
    print("begin", name, out, os.environ["M3P_WORKERS"], os.environ["OMP_NUM_THREADS"], time.time(), file=log)
print(f"{name}: at work", flush=True)
if (steer / f"{name}.slow").exists():
    time.sleep(2)
if (steer / f"{name}.meets").exists():  # works on until the other has begun, or a minute has shown that it will not
    other, last = (steer / f"{name}.meets").read_text(), time.monotonic() + 60
    while f"begin {other} " not in Path("events.log").read_text() and time.monotonic() < last:
        time.sleep(0.1)
if (steer / f"{name}.input").exists():
    print(f"m3p {name}: row 7 of captions.tsv has 3 columns.\\nExpected: 2 columns.", file=sys.stderr)
    sys.exit(1)
if (steer / f"{name}.passing").exists():
    (steer / f"{name}.passing").unlink()
    print(f"m3p {name}: A Beam worker was lost.", file=sys.stderr)
    sys.exit(75)
if name == "evaluate":
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"protocol": "unique", "mR": {"en": 61.5, "de": 35.25}}))
elif name == "scenes":
    for folder in ("images", "text"):
        (out / folder).mkdir(parents=True)
        (out / folder / "one").write_text("one")
elif name == "report":
    out.mkdir(parents=True, exist_ok=True)  # DVC removes the files, which the stage names, and leaves the folder
    (out / "index.html").write_text("<html></html>")
    (out / "tables.csv").write_text("language,value\\nde,35.25\\n")
else:
    out.mkdir(parents=True)
    made_by = {"version": Path("versions", name).read_text()}
    (out / "_manifest.json").write_text(json.dumps({
        "dataset": name, "version": "1.0", "stage": name, "parameters": made_by, "seed": 7, "inputs": {},
        "shards": [{"path": "part.parquet", "rows": 8, "bytes": 0, "sha256": ""}], "rejects": [],
        "rows_in": 10, "rows_out": 8, "rejected": {"caption_empty": 2}, "statistics": {}}))
with open("events.log", "a") as log:
    print("end", name, out, time.time(), file=log)
"""

SECTIONS = [section for section in KNOWN_SECTIONS if section != "scenes"]


def make_project(folder: Path) -> Path:
    """Writes the project, with the profiles demo (drawn) and own (brought), demo being listed."""
    for name in ("profiles", "steer", "versions"):
        (folder / name).mkdir(parents=True)
    for name in ("ingest", "corpus"):
        (folder / "versions" / name).write_text("1")
    (folder / "dvc.yaml").write_text(DVC_YAML)
    (folder / "step.py").write_text(STEP)
    (folder / "params.yaml").write_text("# a comment that stays\nprofiles:\n  - demo\ndrawn_profiles:\n  - demo\n")
    sections = "".join(f"{section}: {{}}\n" for section in SECTIONS)
    (folder / "profiles" / "demo.yaml").write_text("seed: 7\nscenes: {}\n" + sections)
    (folder / "profiles" / "own.yaml").write_text("seed: 7\n" + sections)
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    return folder


def events(folder: Path, kind: str) -> list[list[str]]:
    """What has begun or ended so far, in order, each a list of words: the step's name, its output, …"""
    log = folder / "events.log"
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [words[1:] for words in lines if words[0] == kind]


def begun(folder: Path) -> list[str]:
    """The outputs whose steps have begun so far, in order."""
    return [words[1] for words in events(folder, "begin")]


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of the project but DVC's own."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".dvc" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def m3p(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user would, with nothing of Prefect's in the environment but what is given."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    return subprocess.run(
        [Path(sys.executable).with_name("m3p"), *arguments], cwd=folder, env=own | environment,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
