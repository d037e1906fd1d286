"""How a dataset can break its contract: a fixed list of names, and the error that carries one."""

from __future__ import annotations

from contract.errors import FAILED, InputError, M3PError

OF_DATASETS: dict[str, str] = {
    # the folder
    "unfinished": "there is no manifest",
    "manifest_unreadable": "the manifest is not the JSON of one",
    "totals": "rows in are not rows out + rejected, or the shards do not hold as many",
    "manifest_edited": "the manifest does not say what it said when it was written, or has lost its seal",
    "dataset_unknown": "the manifest or a file names a dataset that contract.schemas does not describe",
    "version": "written by another version of the schema",
    "shard_name": "shards are not named part-00000-of-00016.parquet and so on, in their order",
    "shard_missing": "a file that the manifest states is not there",
    "file_unknown": "a file or folder that the manifest does not state",
    "card": "the card is missing, or is not the one that manifest and schema give",
    # one file
    "not_parquet": "the file is no Parquet, or no file: a named pipe, say",
    "size": "the file has another number of bytes",
    "sha256": "the file has other bytes",
    "metadata": "the file does not carry dataset, version, key, shard key and the columns' descriptions as its schema",
    "columns": "columns are missing, too many, of another type or in another order",
    "rows": "the file has another number of rows",
    "damaged": "the file's rows cannot be read",
    # its rows
    "null": "null in a column that must have values",
    "wrong_shard": "a row lies in another shard than the one that the hash of its shard key chooses",
    "order": "rows are not sorted by the dataset's key",
    "duplicate_key": "two rows have one key, or two captions one caption_id",
    "split": "a split that is none of train, val, test",
    "split_leak": "a picture, or one and its near-duplicate, in two splits",
    "language": "a language that is no valid BCP 47 code",
    "text": "a text that is empty, not in the Unicode form that its column states, or not as stages clean it",
    "range": "a number outside the range that its column states",
    "identifier": "an identifier that is not the hash, not of the form, or not of the picture that its column states",
    "unsafe_path": "a picture's uri leads out of its folder",
    "picture": "a picture of the dataset's own is not there, has other bytes or is that of two rows",
    "vectors": "features, boxes, classes or scores have not the length that num_regions and feature_dim state",
    "classes": "a region's class has no name in the manifest's parameters",
    "boxes": "a box is not finite, empty, or outside its picture",
    "ranks": "a picture's queries are not ranked 1, 2, 3 … by falling relevance",
    "lists": "translations, origins and scores of a lexicon's entry do not fit each other or are not sorted",
    "spans": "replacements do not lead from source_text to text",
    # rejects
    "reject_reason": "a rejected row without a reason of contract.rejects",
    "reject_incomplete": "a rejected row without its source or message",
    "rejects_lost": "the rejects are not as many, by reason, as the manifest states",
    # what lies beside it
    "input_changed": "a dataset beside it is not the one from which it was made",
    "foreign_key": "a row names a picture or caption that the dataset beside it does not hold, or holds otherwise",
    "statistics": "the manifest's statistics are not what the rows give",
}
OF_CHECKPOINTS: dict[str, str] = {
    "no_checkpoint": "weights, tokenizer or configuration are missing or cannot be read",
    "weights": "the weights are cut off, or have not the sizes that the configuration states",
    "tokenizer": "the tokenizer is not the one that the configuration states",
}
BREACHES = OF_DATASETS | OF_CHECKPOINTS


class BreachError(M3PError):
    """A dataset or checkpoint breaks its contract.

    Args:
        name: of BREACHES.
        what: where, and what was found.
        expected: what should have been there.
        remedy: what to do about it.

    Attributes:
        found: where, and what was found, without the name.
    """

    exit_code = FAILED

    def __init__(self, name: str, what: str, expected: str = "", remedy: str = "") -> None:
        if name not in BREACHES:
            raise ValueError(f"unknown breach {name!r}; add it to contract/breaches.py")
        self.name = name
        self.found = what
        super().__init__(f"{name}: {what}", expected, remedy)

    def __reduce__(self) -> tuple[type[BreachError], tuple[str, ...]]:  # type: ignore[override]
        """Keeps the name too when it is sent to another process."""
        return type(self), (self.name, self.found, self.expected, self.remedy)

    @classmethod
    def of(cls, name: str, error: InputError) -> BreachError:
        """What an error says, under a name."""
        return cls(name, error.what, error.expected, error.remedy)
