"""MILD's steps as a plain script has them: one process, pandas, a function of this project for each unique query.

    python benchmarks/parts/triples_in_pandas.py ROOT MODEL OUT

Reads ROOT/log, images, regions, detector and lexicon, as benchmarks/triples.py makes them, and writes the triples and
nothing else: no rejects, no statistics.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from contract.dataset import Dataset
from pipelines.triples.class_names import read_class_names, translate_class_names
from pipelines.triples.image_facts import ImageFacts
from pipelines.triples.logistic import read_logistic
from pipelines.triples.matching import Matching
from pipelines.triples.page_title import usable_title
from pipelines.triples.pair_features import FEATURES, PairFeatures
from pipelines.triples.query_filters import QueryReader
from pipelines.triples.sensitive_words import OWN_LISTS, read_word_lists
from pipelines.triples.stage import Config


def main(root: Path, model_file: Path, out: Path) -> None:
    config = Config()
    log = pd.read_parquet(root / "log" / "clicks.parquet")

    # Step 1: clean and identify.
    names = read_class_names(root / "detector")
    class_names = translate_class_names(names, Dataset(root / "lexicon", "lexicon"), config.languages)
    reader = QueryReader(
        config.languages, config.language_confidence, config.fewest_words,
        read_word_lists(OWN_LISTS, config.languages), class_names,
    )  # fmt: skip
    log["lang"] = log["lang"].fillna("")
    raw = log[["query", "lang"]].drop_duplicates(ignore_index=True)
    read = [reader.read(query, lang) for query, lang in raw.itertuples(index=False)]
    raw["query_id"], raw["reason"] = [query.query_id for query in read], [query.reason for query in read]
    log = log.merge(raw, on=["query", "lang"])
    titles = log["page_title"].dropna().unique()
    log["context"] = log["page_title"].map({title: usable_title(title) for title in titles})

    # Step 2: filter pictures.
    facts_of = ImageFacts(root / "images", root / "regions", sharp=False, sensitive=False)
    facts = pa.concat_tables([facts_of.shard(index) for index in range(Dataset(root / "images", "images").num_shards)])
    pictures = facts.select(["image_id", "width", "height", "regions", "split"]).to_pandas()
    pictures["place"] = np.arange(len(pictures))
    large = pictures[["width", "height"]].min(axis=1) >= config.least_side
    pictures = pictures[large & (pictures["regions"] > 0)]

    # Step 3: filter queries. Then join and group.
    log = log[log["reason"] == ""].merge(pictures[["image_id", "place", "split"]], on="image_id")
    keys = ["image_id", "query_id"]
    pages = log.dropna(subset=["context"]).groupby([*keys, "context"], as_index=False)["clicks"].sum()
    pages = pages.sort_values([*keys, "clicks", "context"], ascending=[True, True, False, True]).drop_duplicates(keys)
    pairs = log.groupby([*keys, "place", "split"], as_index=False)["clicks"].sum()
    pairs = pairs.merge(pages[[*keys, "context"]], on=keys, how="left")

    # Step 4: score and rank.
    queries = list({query.query_id: query for query in read}.values())
    number_of = {query.query_id: number for number, query in enumerate(queries)}
    number = pairs["query_id"].map(number_of).to_numpy()
    model = read_logistic(model_file, FEATURES)
    features = PairFeatures(queries, facts, len(names), Matching(None, 0)).of(number, pairs["place"].to_numpy())
    pairs["relevance"] = model.probability(features)
    pairs = pairs[pairs["relevance"] >= config.least_relevance]
    pairs = pairs.sort_values(["image_id", "relevance", "clicks", "query_id"], ascending=[True, False, False, True])
    pairs["rank"] = pairs.groupby("image_id").cumcount() + 1
    pairs = pairs[pairs["rank"] <= config.queries_an_image]
    pairs["query"] = [queries[one].text for one in pairs["query_id"].map(number_of)]
    pairs["lang"] = [queries[one].lang for one in pairs["query_id"].map(number_of)]
    pairs.drop(columns="place").to_parquet(out, index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
