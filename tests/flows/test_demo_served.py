"""The demo in miniature, all its stages through a server, on a clone of this repository.

With M3P_WHOLE_DEMO=1 it is the demo in its full size, which takes as long as `make demo`, and what it shows is checked.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
MINIATURE = {
    "scenes": {
        "train_images": 40, "val_images": 8, "test_images": 12, "log_rows": 400, "log_images": 12,
        "relevance_labels": 80, "image_labels": 30, "sentences_english": 150, "sentences": 80, "headlines": 24,
    },
    "detector": {"epochs": 1},
    "tokenizer": {"vocabulary_size": 1500},
    "understanding": {"steps": 12, "warmup_steps": 2, "batch_size": 16},
    "generation": {"steps": 8, "warmup_steps": 2, "batch_size": 16},
    "finetune": {"steps": 6, "warmup_steps": 2, "batch_size": 8, "contrastive_batch": 8},
    "finetune-retrieval": {"steps": 6},
    "finetune-translation": {"steps": 3},
    "finetune-headlines": {"steps": 3},
    "finetune-mild": {"steps": 6},
    "evaluate": {"max_images": 10, "max_pairs": 20, "beam": 2, "max_translation_length": 16},
    "evaluate-captioning": {"max_caption_length": 16},
    "evaluate-headlines": {"max_caption_length": 16},
}  # fmt: skip


def shrink(profile: Path) -> None:
    values = yaml.safe_load(profile.read_text())
    for section, settings in MINIATURE.items():
        values[section] = (values[section] or {}) | settings
    profile.write_text(yaml.safe_dump(values, sort_keys=False))


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_demo_completes_as_a_deployment(tmp_path):
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no git clone, so there is nothing to clone")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    if not os.environ.get("M3P_WHOLE_DEMO"):
        shrink(clone / "profiles" / "demo.yaml")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "PYTHONPATH"))}
    environment |= {"PYTHONPATH": str(clone)}  # the clone's code, not that of the installed project
    log = (tmp_path / "serve.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "flows.serve", "--port", str(port)], cwd=clone, env=environment, stdout=log, stderr=log
    )
    try:
        wait_for_deployments(url, server)
        watched = subprocess.run(
            [sys.executable, "-m", "prefect", "deployment", "run", "reproduce/demo", "--watch"],
            cwd=clone, env=environment | {"PREFECT_API_URL": url, "PREFECT_HOME": str(clone / ".prefect")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert watched.returncode == 0, (tmp_path / "serve.log").read_text()[-4000:]
    finally:
        server.terminate()
        server.wait(60)
        log.close()
    assert (clone / "reports" / "demo" / "index.html").is_file()
    with_mct, without = (mean_recalls(clone, name) for name in ("retrieval-none", "understanding-plain"))
    assert set(with_mct) == set(without) == {"en", "cs", "de", "es", "fr", "it", "ja", "pt", "zh"}
    if os.environ.get("M3P_WHOLE_DEMO"):
        eight_with, eight_without = (sum(mr for lang, mr in of.items() if lang != "en") for of in (with_mct, without))
        assert eight_with >= 3 * eight_without
        assert with_mct["en"] >= without["en"] - 5


def mean_recalls(clone: Path, name: str) -> dict[str, float]:
    metrics = json.loads((clone / "data" / "demo" / "metrics" / f"{name}.json").read_text())
    return {lang: of["mR"] for lang, of in metrics["protocols"]["unique"].items()}


def wait_for_deployments(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            if len(httpx.post(f"{url}/deployments/filter", json={}, trust_env=False).json()) == 3:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("the deployments did not come up")
