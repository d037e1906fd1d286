"""The three passes over pictures and log, and what happens between them: two small models and the quotas."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.command import Call
from contract.config import as_parameters
from contract.dataset import Dataset
from contract.errors import UsageError
from contract.hashing import fingerprint, fingerprint_of_code, sha256_of_json
from pipelines.sharded import Job, run_sharded
from pipelines.triples.arrow_files import read_table
from pipelines.triples.candidates import EXAMPLES_FILE, Candidates, features_of
from pipelines.triples.class_names import ClassNames, read_class_names, translate_class_names
from pipelines.triples.entities import EntityTaggers
from pipelines.triples.image_facts import FACTS_FILE, PictureFacts
from pipelines.triples.image_filters import RELIABILITY_FEATURES, ImageFilter, reliability_features
from pipelines.triples.judged import read_row_labels
from pipelines.triples.log_files import CAPTIONS, LogChunk, caption_chunks, plan_chunks
from pipelines.triples.logistic import Logistic, read_logistic
from pipelines.triples.pair_features import FEATURES
from pipelines.triples.pairs import PairsProcess
from pipelines.triples.relevance import read_image_labels, read_pair_labels, train_held_out, untrained
from pipelines.triples.sample import Quotas, Scorer
from pipelines.triples.sensitive_images import classifier_version
from pipelines.triples.sensitive_words import OWN_LISTS, read_word_lists
from pipelines.triples.stage import Config
from pipelines.triples.statistics import summarise
from pipelines.triples.steps import rows_read, run_shuffled_step, run_step
from pipelines.triples.write import Triples

_CODE = ("pipelines.triples", "contract.lines", "contract.pictures", "contract.hashing", "contract.text")


class TriplesJob:
    """One run of the stage.

    Args:
        call: what it is asked to do.
    """

    def __init__(self, call: Call[Config]) -> None:
        self._call, self._config, self._seed = call, call.config, call.seed
        self._log, self._out = call.path("log"), call.path("out")
        self._images = Dataset(call.path("images"), "images")
        self._lexicon = Dataset(call.path("lexicon"), "lexicon")
        self._shards = self._images.num_shards
        if matching := call.paths.get("matching"):
            self._images.require_shards_like(Dataset(matching, "matching"))
        self._chunks = self._plan()
        self._pair_labels, self._image_labels = read_pair_labels(self._log), read_image_labels(self._log)
        self._row_labels, self._matching = read_row_labels(self._log), call.paths.get("matching")
        self._classifier = classifier_version() if self._config.sensitive_images else None
        rows = sum(chunk.rows for chunk in self._chunks)
        self._workers = min(call.workers, 1 + rows // self._config.rows_a_worker)
        named = EntityTaggers(self._config.entity_models).load()
        self._said: dict[str, Any] = {  # what the manifest says besides counts
            "entity_models": named or "did not run: entity_models names none"
        }

    def run(self) -> None:
        """Makes the dataset."""
        job = self._job()
        with self._steps(job) as steps:
            facts = self._facts(steps)
            candidates = self._candidates(steps, facts, self._image_filter(facts))
            scorer = self._scorer(candidates)
            quotas = self._quotas(candidates, scorer)
            log_rows, models = rows_read(candidates), self._config.entity_models
            run_sharded(
                job, Triples(candidates, scorer, quotas, self._row_labels, models), self._workers, log_rows,
                lambda counted: summarise(counted, log_rows) | self._said,
            )  # fmt: skip

    def write_pairs(self) -> None:
        """Writes the dataset of pairs that step 4 looks at."""
        job = replace(self._job(), dataset="pairs")
        with self._steps(job) as steps:
            facts = self._facts(steps)
            folders = self._candidates(steps, facts, self._image_filter(facts))
            run_sharded(job, PairsProcess(folders), self._workers)

    def train_reliability(self) -> tuple[Logistic | None, dict[str, Any]]:
        """Step 2's model alone, and how good it is."""
        with self._steps(self._job()) as steps:
            return self._train_reliability(self._facts(steps))

    def train_relevance(self) -> tuple[Logistic | None, dict[str, Any]]:
        """Step 4's model alone, and how good it is."""
        with self._steps(self._job()) as steps:
            facts = self._facts(steps)
            return self._train_relevance(self._candidates(steps, facts, self._image_filter(facts)))

    def _plan(self) -> list[LogChunk]:
        chunks = plan_chunks(self._log, self._config.chunk_bytes)
        if chunks:
            return chunks
        if self._config.captions_as_queries:
            print(f"triples: {self._log} has no search log. Captions stand in for queries, one click each, no context.")
            return caption_chunks(Dataset(self._call.path("captions"), "captions"))
        print(f"triples: {self._log} has no search log, so there are no triples. captions_as_queries is a stand-in.")
        return []

    def _job(self) -> Job:
        names = ("log", "images", "captions", "regions", "detector", "lexicon")
        given = {"word_lists": self._config.word_lists, "own_word_lists": OWN_LISTS}
        given["matching"] = self._matching
        given |= {name: getattr(self._config, name) for name in ("reliability_model", "relevance_model")}
        inputs = {name: self._call.path(name) for name in names} | {k: path for k, path in given.items() if path}
        return Job(
            stage="triples", dataset="triples", out=self._out, shards=self._shards, config=self._config,
            seed=self._seed, inputs=inputs, code=_CODE,
            parameters={"sensitive_images_by": self._classifier or "did not run"},
        )  # fmt: skip

    @contextmanager
    def _steps(self, job: Job) -> Iterator[Path]:
        """The folder of the passes' files, which is taken away when all is done."""
        determined_by = {
            "code": fingerprint_of_code(job.code), "seed": job.seed, "shards": job.shards,
            "parameters": as_parameters(job.config) | dict(job.parameters),
            "inputs": {name: fingerprint(path) for name, path in sorted(job.inputs.items())},
        }  # fmt: skip
        work = self._out.parent / ".work"
        yield work / f"{self._out.name}-steps-{sha256_of_json(determined_by)[:16]}"
        for folder in work.glob(f"{self._out.name}-steps-*"):
            shutil.rmtree(folder)
        if not any(work.iterdir()):
            work.rmdir()

    def _facts(self, steps: Path) -> list[Path]:
        """The first pass; folders of its shards."""
        sharp = bool(self._image_labels or self._config.reliability_model)
        step = PictureFacts(self._call.path("images"), self._call.path("regions"), sharp, bool(self._classifier))
        return run_step("triples: pictures", steps / "facts", step, self._shards, self._workers, len(self._images))

    def _image_filter(self, facts: list[Path]) -> ImageFilter:
        """Step 2, with a model of reliable features where one is given or can be trained."""
        config, model = self._config, None
        if config.reliability_model:
            model = read_logistic(config.reliability_model, RELIABILITY_FEATURES)
            said: dict[str, Any] = {"ran": True, "trained_here": False}
        else:
            model, said = self._train_reliability(facts)
        self._said["image_filters"] = {
            "sensitive_images": self._classifier or "did not run: nudenet is not installed or not wanted",
            "reliable_features": said,
        }
        return ImageFilter(config.least_side, config.sensitive_from, model, config.reliable_from)

    def _train_reliability(self, facts: list[Path]) -> tuple[Logistic | None, dict[str, Any]]:
        labelled = [_rows_of(read_table(folder / FACTS_FILE), self._image_labels) for folder in facts]
        table = pa.concat_tables(labelled)
        ids = table.column("image_id").to_pylist()
        if not ids:
            return None, {"ran": False, "why": "no labelled pictures"}
        labels = np.array([self._image_labels[image_id] for image_id in ids], bool)
        model, metrics = train_held_out(reliability_features(table), labels, ids, RELIABILITY_FEATURES, self._seed)
        if model is None:
            return None, {"ran": False, "why": f"{len(ids)} labelled pictures are too few"}
        print(f"triples: step 2: reliable features: AUC {metrics['held_out']['auc']} on held-out pictures.")
        return model, {"ran": True, "trained_here": True} | metrics

    def _candidates(self, steps: Path, facts: list[Path], image_filter: ImageFilter) -> list[Path]:
        """The second pass; folders of its shards."""
        config, (classes, names) = self._config, self._class_names()
        lists = read_word_lists(OWN_LISTS, config.languages)
        if config.word_lists:
            for lang, terms in read_word_lists(config.word_lists, config.languages).items():
                lists.setdefault(lang, []).extend(terms)
        self._said["word_lists"] = {lang: len(terms) for lang, terms in sorted(lists.items())}
        kinds = {"captions stand in for queries" if chunk.kind == CAPTIONS else "search log" for chunk in self._chunks}
        self._said["log"] = kinds.pop() if kinds else "none"
        counts = steps / "counts"
        counts.mkdir(parents=True, exist_ok=True)
        step = Candidates(
            self._chunks, self._call.path("images"), counts, facts, config.languages, config.language_confidence,
            config.fewest_words, lists, names, classes, image_filter, self._pair_labels,
            self._matching,
            config.weak_pairs // max(1, self._shards), self._seed,
        )  # fmt: skip
        rows = sum(chunk.rows for chunk in self._chunks)
        return run_shuffled_step(
            "triples: steps 1 to 3", steps / "candidates", step, len(self._chunks), self._shards, self._workers, rows
        )

    def _class_names(self) -> tuple[int, ClassNames]:
        stated = read_class_names(self._call.path("detector"))
        names = translate_class_names(stated, self._lexicon, self._config.languages)
        self._said["class_names"] = {lang: len(of_lang) for lang, of_lang in sorted(names.names.items())}
        return len(stated), names

    def _scorer(self, candidates: list[Path]) -> Scorer:
        """Step 4's model: given, trained on labels, or on clicks."""
        config, least = self._config, self._config.least_relevance
        if config.relevance_model:
            given = read_logistic(config.relevance_model, FEATURES)
            _check_matching(given, config.relevance_model, self._matching)
            model: Logistic | None = given
            said: dict[str, Any] = {"labels": "a given model"}
        else:
            model, said = self._train_relevance(candidates)
        if not self._pair_labels and not config.relevance_model:
            least = 0.0  # clicks do not say what share of pairs is irrelevant
        if model is None:
            said["labels"] = "none: too few examples; relevance is that of named classes"
        self._said["relevance"] = said | {"least_relevance": least}
        auc = said.get("held_out", {}).get("auc")
        print(f"triples: step 4: relevance learned from {said['labels']}; AUC on held-out pictures: {auc}.")
        return Scorer(model or untrained(), least, config.queries_an_image)

    def _train_relevance(self, candidates: list[Path]) -> tuple[Logistic | None, dict[str, Any]]:
        table = pa.concat_tables([read_table(folder / EXAMPLES_FILE) for folder in candidates])
        labels = table.column("label").to_numpy(zero_copy_only=False).astype(bool)
        ids = table.column("image_id").to_pylist()
        model, metrics = train_held_out(features_of(table), labels, ids, FEATURES, self._seed)
        return model, {"labels": "judged pairs" if self._pair_labels else "weak: clicks"} | metrics

    def _quotas(self, candidates: list[Path], scorer: Scorer) -> Quotas:
        scale = self._config.quota_scale
        scaled = {
            split: {lang: max(1, round(count * scale)) if count else 0 for lang, count in of_split.items()}
            for split, of_split in self._config.quotas.items()
        }
        quotas = Quotas(scaled, self._seed)
        for folder in candidates:
            scored = scorer.score(folder)
            quotas.count(scored.table.filter(pa.array(scorer.kept(scored))))
        return quotas


def _check_matching(model: Logistic, path: Path, matching: Path | None) -> None:
    if model.weights[FEATURES.index("matching")] and matching is None:
        raise UsageError(f"{path} was trained with matching scores.", "--matching, with scores of these pairs.")


def _rows_of(facts: pa.Table, labels: dict[str, bool]) -> pa.Table:
    return facts.filter(pc.is_in(facts.column("image_id"), pa.array(list(labels), pa.string())))
