"""Reading weights from files of strangers: tensors by name, and nothing else is ever run or believed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.errors import InputError
from contract.pickles import BROKEN_PICKLE, read_arrays

if TYPE_CHECKING:
    from torch import Tensor, nn

_OPTIONAL = (".num_batches_tracked", "cell_anchors.0")  # files leave out the counters, and newer ones the anchors


def load_weights(network: nn.Module, path: Path) -> None:
    """Reads weights from safetensors, from a torch file, or from a pickle of arrays as detectron2 publishes them.

    Raises:
        InputError: where the file is missing, no weights, or of another network.
    """
    weights = read_weights(path)
    expected = {
        name: tensor for name, tensor in network.state_dict().items() if name in weights or not name.endswith(_OPTIONAL)
    }
    for name, tensor in expected.items():
        if name not in weights:
            raise InputError(f"{path} has no weight {name!r}.", f"all {len(expected)} weights of the architecture.")
        found = weights[name]
        if found.shape != tensor.shape:
            fitting = "and as many class names as the weights have classes" if "box_predictor" in name else ""
            raise InputError(
                f"{path}: {name} has shape {tuple(found.shape)}.", f"{tuple(tensor.shape)} {fitting}".strip() + "."
            )
        if found.is_complex() or not found.isfinite().all():
            raise InputError(f"{path}: {name} holds values that are no finite numbers.", "finite weights.")
    network.load_state_dict({name: weights[name] for name in expected}, strict=False)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file, by name; those under ``model`` where a whole training state was saved.

    Raises:
        InputError: where the file is missing, broken, or holds anything besides tensors.
    """
    import torch
    from safetensors import SafetensorError

    expected = "tensors by name and nothing else, as safetensors or as `torch.save(network.state_dict())` writes them."
    if not path.is_file():
        raise InputError(f"{path} is not there.", "a detector's weights: .safetensors, .pth, .pt or detectron2's .pkl.")
    try:
        values = _read(path)
    except (SafetensorError, *BROKEN_PICKLE) as error:
        reason = str(error).partition("\n")[0]  # what follows in torch's message is advice to trust the file
        raise InputError(f"{path} cannot be read as weights ({type(error).__name__}: {reason}).", expected) from error
    if isinstance(values, dict) and isinstance(values.get("model"), dict):
        values = values["model"]
    if not isinstance(values, dict) or not all(
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        for value in values.values()
    ):
        raise InputError(f"{path} holds other things than tensors.", expected)
    return values


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if path.suffix == ".pkl":
        with path.open("rb") as file:
            return _as_tensors(read_arrays(file))
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on how old the file's format is
        return torch.load(path, map_location="cpu", weights_only=True)


def _as_tensors(value: Any) -> Any:
    import numpy as np
    import torch

    if isinstance(value, dict):
        return {str(name): _as_tensors(inner) for name, inner in value.items()}
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value
