"""What people and machines are shown of a dataset."""

import base64
import datetime
import decimal
import functools
import http.server
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_world import (
    caption_rows,
    column_twice,
    edit_manifest,
    first_shard,
    image_rows,
    no_utf8,
    reject,
    restate,
    rewrite,
    triple_rows,
    write_dataset,
)  # fmt: skip
from PIL import Image
from safetensors.numpy import save_file

from contract.manifest import Manifest, Shard, read_manifest
from contract.shards import shard_name
from flows.cli import run_command

HOSTILE = "<script>alert(1)</script>\x1b[31mred\x9b31m\u202eabc"
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.fixture
def hostile(tmp_path) -> Path:
    """Captions, triples and names of classes that would do harm if they were taken for markup or commands."""
    images = image_rows(tmp_path / "images")[:1]
    write_dataset(tmp_path / "images", "images", images)
    captions = [row | {"text": HOSTILE} for row in caption_rows(images)]
    write_dataset(tmp_path / "captions", "captions", captions, [reject("two#0", "caption_empty", HOSTILE)],
                  layout=HOSTILE)  # fmt: skip
    triples = [row | {"query": HOSTILE, "context": HOSTILE} for row in triple_rows(images)]
    write_dataset(tmp_path / "triples", "triples", triples)
    return tmp_path


def inspected(capsys, *given) -> str:
    assert run_command(["inspect", *map(str, given)]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def page_of(tmp_path, capsys, *given) -> str:
    page = tmp_path / "page.html"
    inspected(capsys, *given, "--html", page)
    return page.read_text(encoding="utf-8")


def test_terminal_shows_columns_counts_statistics_rejects_and_rows(whole, capsys):
    shown = inspected(capsys, whole / "captions")
    for part in (
        "caption_id", "Unicode NFC", "BCP 47", "38 rows in, 36 out, 2 rejected", "caption_orphan", "lost#0", "multi30k",
        "all 36 rows", "cs 12, de 12, en 12", "Characters by language", "červený míč na trávě",
        "made by the stage captions",
    ):  # fmt: skip
        assert part in shown, part


def test_statistics_count_nulls_duplicates_and_scores(whole, capsys):
    shown = json.loads(inspected(capsys, whole / "triples", "--json"))["statistics"]
    columns = {one["name"]: one for one in shown["columns"]}
    assert columns["context"]["nulls"] == 12
    assert columns["query"]["duplicates"] == 22, "two queries stand with twelve pictures"
    assert [bar["count"] for bar in columns["relevance"]["numbers"]["histogram"]] == [0, 0, 0, 0, 0, 12, 0, 12, 0, 0]
    assert columns["clicks"]["numbers"]["mean"] == 3
    assert dict(columns["split"]["values"]) == {"train": 12, "val": 6, "test": 6}
    assert shown["characters"]["en"]["most"] == 28
    regions = json.loads(inspected(capsys, whole / "regions", "--json"))
    scores = next(one for one in regions["statistics"]["columns"] if one["name"] == "object_scores[]")
    assert [bar["count"] for bar in scores["numbers"]["histogram"]] == [0, 0, 0, 0, 0, 12, 0, 0, 0, 12]
    assert regions["rows"][0]["boxes"] == [[20.0, 10.0, 120.0, 90.0], [150.0, 40.0, 190.0, 60.0]]


def test_json_says_what_the_screen_says_and_is_ascii(whole, capsys):
    text = inspected(capsys, whole / "captions", "--json", "--rows", "2")
    assert text.isascii()
    values = json.loads(text)
    assert values["kind"] == "dataset" and values["dataset"] == "captions" and len(values["rows"]) == 2
    assert values["manifest"]["rows_in"] == 38 and values["manifest"]["parameters"] == {"layout": "multi30k"}
    assert {one["name"]: one["unit"] for one in values["columns"]}["text"] == "Unicode NFC"
    assert {one["reason"]: one["count"] for one in values["rejects"]} == {"caption_orphan": 1, "caption_empty": 1}


def test_page_is_self_contained_and_escapes_what_comes_from_data(hostile, tmp_path, capsys):
    for name in ("captions", "triples"):
        text = page_of(tmp_path, capsys, hostile / name)
        assert "&lt;script&gt;alert(1)" in text
        assert "<script" not in text
        assert all(source.startswith("data:image/jpeg;base64,") for source in re.findall(r'src="([^"]+)', text))
        assert "http" not in text
    assert "color-scheme: light dark" in text


def test_no_control_or_turn_of_direction_reaches_a_page(hostile, tmp_path, capsys):
    """Wherever a name or a value stands: manifest, columns, classes, groups, texts, settings, tensors."""
    harm = "\x1b[31m\x9b\u202eabc\u2066\u2028"
    stated = {harm: {"one": {"count": 1}, harm: {"count": 2}}, "names": {harm: 5}}
    for name in ("captions", "triples"):
        restate(hostile / name, parameters={harm: harm}, statistics=stated, stage=harm)
    pq.write_table(pa.table({harm: [harm, "ok"]}), tmp_path / "strange.parquet")
    detector = tmp_path / "detector"
    detector.mkdir()
    (detector / "detector.json").write_text(json.dumps({"class_names": [harm], "attribute_names": [], harm: harm}))
    save_file({harm: np.zeros(2, np.float32)}, detector / "weights.safetensors")
    for given in (hostile / "captions", hostile / "triples", tmp_path / "strange.parquet", detector):
        text = page_of(tmp_path, capsys, given)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
        assert r"\x1b[31m\x9b\u202eabc\u2066\u2028" in text and "&lt;svg" not in text


def test_joiners_and_marks_that_scripts_need_stay_in_a_page(tmp_path, capsys):
    query = "می\u200cخواهم\u200f شلوار"
    row = triple_rows(image_rows(tmp_path / "images")[:1])[0] | {"query": query, "context": None}
    write_dataset(tmp_path / "triples", "triples", [row])
    assert query in page_of(tmp_path, capsys, tmp_path / "triples")


def test_nothing_from_data_reaches_the_terminal_as_a_command(hostile, capsys):
    for name in ("captions", "triples"):
        for given in ((), ("--json",)):
            assert not CONTROLS.search(inspected(capsys, hostile / name, *given))
    rewrite(first_shard(hostile / "captions"), lambda old: [row | {"lang": HOSTILE, "split": HOSTILE} for row in old])
    restate(hostile / "captions")
    assert run_command(["inspect", str(hostile / "captions"), "--verify"]) == 1
    assert not CONTROLS.search(capsys.readouterr().err)
    assert run_command(["inspect", "no\x1b[31m\x9bsuch"]) == 2
    assert not CONTROLS.search(capsys.readouterr().err)


def test_regions_are_drawn_over_their_picture(world, tmp_path, capsys):
    restate(world / "regions", parameters={"object_classes": ["ball", "cube <script>alert(1)</script>"]})
    text = page_of(tmp_path, capsys, world / "regions", "--rows", "1")
    (encoded,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)', text)
    assert "cube &lt;script&gt;alert(1)&lt;/script&gt; 0.90, ball 0.50" in text, "names come from the dataset itself"
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")).astype(int)
    assert drawn.shape == (100, 200, 3)
    inside, edge = drawn[65, 60], drawn[65, 18:23]
    assert np.abs(edge - inside).max() > 60, "the left edge of the first box"


def test_switched_words_are_coloured_by_their_language(whole, tmp_path, capsys):
    text = page_of(tmp_path, capsys, whole / "codeswitch")
    hues = dict(re.findall(r'<mark style="--hue: (\d+)" lang="(\w+)"', text))
    assert sorted(hues.values()) == ["cs", "de"] and len(hues) == 2
    assert re.search(r'lang="de" title="de: red">roter</mark>', text)
    assert text.count("data:image/jpeg") == 5


def test_triples_stand_with_their_picture(whole, tmp_path, capsys):
    text = page_of(tmp_path, capsys, whole / "triples", "--rows", "3")
    assert text.count("data:image/jpeg") == 3
    assert 'title="relevance 0.750"' in text


def test_regions_without_their_pictures_still_make_a_page(world, tmp_path, capsys):
    shutil.rmtree(world / "images" / "_files")
    assert "<img" not in page_of(tmp_path, capsys, world / "regions")


def test_pictures_are_found_from_another_folder(world, tmp_path, capsys, monkeypatch):
    """The picture root is relative to the repository, in which the dataset lies."""
    images = world / "images"
    (world / "raw").mkdir()
    (images / "_files").rename(world / "raw" / "images")
    for shard in read_manifest(images).shards:
        rewrite(images / shard.path, lambda old: [row | {"uri": row["uri"].removeprefix("_files/")} for row in old])
    restate(images, parameters={"picture_root": "raw/images"})
    monkeypatch.chdir("/")
    assert page_of(tmp_path, capsys, images).count("data:image/jpeg") == 5


def test_one_shard_or_file_of_rejects_alone(whole, capsys):
    shard = first_shard(whole / "captions")
    shown = inspected(capsys, shard)
    assert (
        f"captions 1.0: the file {shard}" in shown and "Unicode NFC" in shown and "made by the stage captions" in shown
    )
    assert json.loads(inspected(capsys, shard, "--json"))["kind"] == "file"
    lost = next(one for one in read_manifest(whole / "captions").rejects if one.rows)
    assert "caption_" in inspected(capsys, whole / "captions" / lost.path)
    assert "keeps its contract" in inspected(capsys, shard, "--verify")


def test_parquet_of_strangers_is_shown_and_does_not_pass_for_ours(tmp_path, capsys):
    path = tmp_path / "strange.bin"
    pq.write_table(pa.table({"a": [1, None, 3], "b": ["x", "y\x1b[2J", None], "c": [b"1", b"", None]}), path)
    shown = inspected(capsys, path)
    assert "Parquet of no dataset of m3p" in shown and not CONTROLS.search(shown)
    assert run_command(["inspect", str(path), "--verify"]) == 1
    assert "dataset_unknown" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"no Parquet at all", b"PAR1", b"PAR1 and then nothing"])
def test_what_is_called_parquet_and_is_none_is_a_breach_by_name(content, tmp_path, capsys):
    path = tmp_path / "part-00000-of-00001.parquet"
    path.write_bytes(content)
    assert run_command(["inspect", str(path), "--verify"]) == 1
    assert capsys.readouterr().err.startswith("m3p: not_parquet: ")
    path.rename(tmp_path / "notes.txt")  # what is not called so, or is not there, is no file of a dataset
    for other in (tmp_path / "nothing.parquet", *([] if content.startswith(b"PAR1") else [tmp_path / "notes.txt"])):
        assert run_command(["inspect", str(other), "--verify"]) == 2


def test_types_that_json_lacks_are_text_there(tmp_path, capsys):
    when, price = datetime.datetime(2021, 6, 19, 12, 30), decimal.Decimal("1.50")
    pq.write_table(pa.table({"when": [when], "day": [when.date()], "price": [price]}), tmp_path / "strange.parquet")
    rows = json.loads(inspected(capsys, tmp_path / "strange.parquet", "--json"))["rows"]
    assert rows == [{"when": "2021-06-19 12:30:00", "day": "2021-06-19", "price": "1.50"}]


def test_a_verdict_is_a_line_or_a_breach_and_exit_1(world, capsys):
    said = inspected(capsys, world / "captions", "--verify")
    assert said.count("\n") == 1 and "38 rows" in said and "its rows fit images beside it" in said
    assert json.loads(inspected(capsys, world / "captions", "--verify", "--json"))["verified"] is True
    (world / "corpus" / "_manifest.json").unlink()
    assert run_command(["inspect", str(world / "corpus"), "--verify"]) == 1
    assert capsys.readouterr().err.startswith("m3p: unfinished: ")
    edit_manifest(world / "captions", seed=8)
    assert run_command(["inspect", str(world / "captions"), "--verify"]) == 1
    assert capsys.readouterr().err.startswith("m3p: manifest_edited: ")
    assert run_command(["inspect", str(world / "captions"), "--verify", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["breach"]["name"] == "manifest_edited"


def test_a_thousand_classes_do_not_push_out_what_else_is_known(world, capsys):
    classes = {f"class {number}": number for number in range(1600)}
    statistics = {"objects": classes, "attributes": classes, "mean_score": 0.71, "scores_from": {"0.7": 9}}
    restate(world / "regions", statistics=statistics)
    shown = inspected(capsys, world / "regions")
    assert all(text in shown for text in ("0.71", "scores_from.0.7", "objects.class 1599", "1,590 others"))
    assert "objects.class 5 " not in shown


def test_wrong_input_is_one_message(world, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for name in ("text.md", "text.parquet"):
        (tmp_path / name).write_text("no Parquet at all")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    (world / "regions" / "_manifest.json").unlink()
    first_shard(world / "captions").unlink()
    (world / "corpus" / "_manifest.json").write_text('{"dataset": 1}')
    cases = {
        "nothing-here": (2, "nothing-here is not there"), tmp_path / "empty": (2, "is empty"),
        tmp_path / "text.md": (2, "no Parquet"), tmp_path / "text.parquet": (1, "cannot be read as Parquet"),
        tmp_path / "cut.parquet": (1, "cannot be read as Parquet"),
        world / "regions": (1, "_manifest.json"), world / "captions": (1, "is not there"),
        world / "corpus": (1, "manifest"),
        world: (1, "corpus"), "nowhere://x/y": (2, "Protocol not known"),
        "memory://nothing/here": (2, "not there"), "http://127.0.0.1:9/x": (1, "Cannot connect"),
    }  # fmt: skip
    for path, (code, said) in cases.items():
        assert run_command(["inspect", str(path)]) == code, path
        error = capsys.readouterr().err
        assert said in error and "Traceback" not in error, error
    assert run_command(["inspect", str(world / "images"), "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert run_command(["inspect", str(world / "images"), "--html", "x.html", "--json"]) == 2


@pytest.fixture
def loopback(whole):
    """The folder over HTTP, by a server that knows no ranges."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *given):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(whole)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def in_memory(whole):
    memory = fsspec.filesystem("memory")
    memory.put(str(whole), "/inspected", recursive=True)
    yield "memory://inspected"
    memory.rm("/inspected", recursive=True)


@pytest.mark.parametrize("store", ["file", "loopback", "in_memory"])
def test_the_same_is_shown_at_any_address(store, whole, tmp_path, capsys, request):
    root = f"file://{whole}" if store == "file" else request.getfixturevalue(store)

    def seen(address: str) -> dict:
        values = json.loads(inspected(capsys, address, "--json"))
        return {name: value for name, value in values.items() if name != "address"}

    for name in ("captions", "regions", f"captions/{first_shard(whole / 'captions').name}"):
        assert seen(f"{root}/{name}") == seen(str(whole / name))
        assert "keeps its contract" in inspected(capsys, f"{root}/{name}", "--verify")
    assert page_of(tmp_path, capsys, f"{root}/triples").count("data:image/jpeg") == 5


def test_an_extra_file_and_a_flipped_byte_elsewhere_are_found(in_memory, capsys):
    memory = fsspec.filesystem("memory")
    memory.pipe("/inspected/corpus/part-00003-of-00003.parquet", b"PAR1")
    assert run_command(["inspect", f"{in_memory}/corpus", "--verify"]) == 1
    assert "file_unknown" in capsys.readouterr().err
    name = next(path for path in memory.ls("/inspected/lexicon", detail=False) if path.endswith("of-00003.parquet"))
    data = bytearray(memory.cat(name))
    data[20] ^= 1
    memory.pipe(name, bytes(data))
    assert run_command(["inspect", f"{in_memory}/lexicon", "--verify"]) == 1
    assert "sha256" in capsys.readouterr().err


def test_first_screen_of_two_thousand_shards(tmp_path, record_property):
    """Start of Python included; processor time is bounded, which neighbours do not lengthen."""
    images = image_rows(tmp_path / "images")
    folder = write_dataset(tmp_path / "captions", "captions", caption_rows(images), shards=1)
    manifest = read_manifest(folder)
    shards, rejects = [], []
    for index in range(2_000):
        for one, found in ((manifest.shards[0], shards), (manifest.rejects[0], rejects)):
            path = one.path.replace(shard_name(0, 1), shard_name(index, 2_000))
            os.link(folder / one.path, folder / path)
            found.append(Shard(path, one.rows, one.bytes, one.sha256))
    rows = sum(shard.rows for shard in shards)
    Manifest("captions", "1.0", "ingest", {}, 7, {}, shards, rejects, rows, rows, {}).write(folder)
    command = "import sys; from flows.cli import run_command; sys.exit(run_command(sys.argv[1:]))"
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", command, "inspect", folder], capture_output=True, text=True, check=False
    )
    seconds, after = time.perf_counter() - start, os.times()
    assert done.returncode == 0 and not done.stderr
    assert "a sample: 576 of 72,000 rows, from 16 shards" in done.stdout
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    record_property("first screen of 2,000 shards", f"{seconds:.2f} s")
    assert spent < 3


def test_doctor_names_each_part_and_how_to_get_what_is_missing(capsys, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert run_command(["doctor"]) == 1  # a server is asked for that does not answer
    shown = capsys.readouterr().out
    assert "make serve" in shown
    for part in ("Python", "packages", "memory", "disk", "GPU", "DVC remote", "nudenet", "detectron2"):
        assert part in shown


def test_datasets_in_a_store_of_s3_are_shown_verified_and_compared(whole, monkeypatch):
    """Against a real server on loopback, by a process of its own, as a user has it: nothing of its clients is seen."""
    server_module = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    command = "import sys; from flows.cli import run_command; sys.exit(run_command(sys.argv[1:]))"

    def m3p(*given: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-c", command, *given], capture_output=True, text=True, check=False)

    try:
        client = boto3.client("s3", endpoint_url=settings["AWS_ENDPOINT_URL"])
        client.create_bucket(Bucket="bucket")
        for path in (one for name in ("captions", "images") for one in (whole / name).rglob("*") if one.is_file()):
            client.upload_file(str(path), "bucket", path.relative_to(whole).as_posix())
        for given, said in (
            (("inspect", "s3://bucket/captions"), "38 rows in, 36 out"),
            (("inspect", "s3://bucket/captions", "--verify"), "its rows fit images beside it"),
            (("diff", "s3://bucket/captions", str(whole / "captions")), "36 the same"),
        ):
            done = m3p(*given)
            assert done.returncode == 0 and not done.stderr and said in done.stdout, (given, done.stderr)
        for address in ("s3://bucket/nothing", "s3://no-such-bucket/captions"):
            done = m3p("inspect", address)
            assert done.returncode in (1, 2) and done.stderr.startswith("m3p: ") and "Traceback" not in done.stderr
            assert "Unclosed" not in done.stderr and "Warning" not in done.stderr
    finally:
        server.stop()


def drop_uri(images: Path) -> None:
    for shard in read_manifest(images).shards:
        pq.write_table(pq.read_table(images / shard.path).drop(["uri"]), images / shard.path)


def cut_rows(images: Path) -> None:
    """Leaves footers and spoils all that is before them."""
    for shard in read_manifest(images).shards:
        data = (images / shard.path).read_bytes()
        footer = int.from_bytes(data[-8:-4], "little") + 8
        (images / shard.path).write_bytes(data[:4] + bytes(len(data) - footer - 4) + data[-footer:])


def unknown_root(images: Path) -> None:
    for shard in read_manifest(images).shards:
        rewrite(images / shard.path, lambda rows: [row | {"uri": "one.png"} for row in rows])
    restate(images, parameters={"picture_root": "nowhere://pictures"})


@pytest.mark.parametrize("damage", [drop_uri, cut_rows, unknown_root])
def test_pictures_that_cannot_be_opened_are_left_out(damage, world, tmp_path, capsys):
    damage(world / "images")
    inspected(capsys, world / "captions", "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "a red ball on the grass" in page and "<img" not in page


@pytest.mark.parametrize("column", ["text", "lang"])
@pytest.mark.parametrize("options", [[], ["--json"], ["--html", "page.html"]], ids=["text", "json", "html"])
def test_text_that_is_no_utf8_is_said_to_be_unreadable(column, options, world, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    no_utf8(first_shard(world / "captions"), column)
    assert run_command(["inspect", str(world / "captions"), *options]) == 1
    error = capsys.readouterr().err
    assert "its rows cannot be read" in error and "UTF8" in error and "Error" not in error


def test_a_column_that_is_there_twice_is_named(world, capsys):
    column_twice(first_shard(world / "captions"))
    assert run_command(["inspect", str(world / "captions")]) == 1
    error = capsys.readouterr().err
    assert "its columns are not those of its schema" in error and "Error" not in error
