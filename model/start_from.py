"""Finding and reading what pre-training is to start from."""

from __future__ import annotations

from pathlib import Path

from contract.errors import InputError
from model import checkpoint
from model.start import Start
from model.tensor_files import read_tensors
from model.xlmr import CONFIG as XLMR_CONFIG
from model.xlmr import WEIGHTS, is_xlmr, read_xlmr

_SIZES = (
    "layout", "vocabulary", "width", "layers", "heads", "feature_dim", "feature_scaling", "languages", "object_classes"
)  # fmt: skip


def read_start(place: Path, download: bool = False) -> Start:
    """Weights from a checkpoint's folder or from XLM-R's.

    Args:
        place: the folder, or the name that XLM-R has on the Hugging Face hub.
        download: whether a name may be fetched from the hub; else only the hub's cache on this machine is looked into.

    Raises:
        InputError: where there is neither.
    """
    folder = place if place.is_dir() else _of_hub(place, download)
    return read_xlmr(folder) if is_xlmr(folder) else _of_checkpoint(folder)


def _of_checkpoint(folder: Path) -> Start:
    config, stated = checkpoint.read_config(folder)
    tokenizer = stated.get("tokenizer")
    return Start(
        folder, {name: getattr(config, name) for name in _SIZES}, read_tensors(folder / checkpoint.WEIGHTS),
        tokenizer if isinstance(tokenizer, str) else "", (folder / checkpoint.CONFIG, folder / checkpoint.WEIGHTS),
    )  # fmt: skip


def _of_hub(place: Path, download: bool) -> Path:
    expected = "the folder of a checkpoint or of XLM-R."
    if place.exists():
        raise InputError(f"{place} is a file.", expected)
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise InputError(
            f"{place} is no folder.", expected,
            "if it is a name on the Hugging Face hub, install huggingface_hub, or place its files in a folder.",
        ) from error  # fmt: skip
    files = [XLMR_CONFIG, WEIGHTS[0], checkpoint.MODEL_FILE]
    try:
        folder = snapshot_download(place.as_posix(), allow_patterns=files, local_files_only=not download)
    except (OSError, ValueError) as error:
        reason = f" ({str(error).splitlines()[0]})" if download and str(error) else ""
        raise InputError(
            f"{place} is no folder, and {'could not be fetched' if download else 'not in the cache'} of the "
            f"Hugging Face hub{reason}.", expected,
            "" if download else "give --download to fetch it, if it is a name on the hub.",
        ) from error  # fmt: skip
    print(f"{place} lies in {folder}.")
    return Path(folder)
