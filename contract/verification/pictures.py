"""Whether the pictures that an images dataset holds itself are there, with their bytes."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq

from contract.breaches import BreachError
from contract.errors import InputError
from contract.pictures import FILES_FOLDER
from contract.places import Place


def check_pictures(file: pq.ParquetFile, dataset: Place, where: str) -> Counter[str]:
    """Hashes each picture under ``_files/``; those that lie elsewhere are not the dataset's.

    Args:
        file: a shard of images whose uris have been checked.
        dataset: the dataset's folder.
        where: the file, for messages.

    Returns:
        Rows by the uri that they name.

    Raises:
        BreachError: picture.
    """
    own = Counter[str]()
    try:
        for batch in file.iter_batches(columns=["image_id", "uri", "sha256"]):
            for row in batch.to_pylist():
                if row["uri"].startswith(f"{FILES_FOLDER}/"):
                    _check(dataset / row["uri"], row, where)
                    own[row["uri"]] += 1
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BreachError("damaged", f"{where} cannot be read to its end ({error}).") from error
    return own


def _check(picture: Place, row: dict[str, str], where: str) -> None:
    try:
        sha256, _ = picture.copy_to(None)
    except InputError as error:
        raise BreachError("picture", f"{where}: {error.what}", f"the picture {row['image_id']!r}.") from error
    if sha256 != row["sha256"]:
        raise BreachError("picture", f"{picture} has the sha256 {sha256}.", f"{row['sha256']}, as {where} states.")
