"""What is shown of a checkpoint, and of a detector, which is like one; read without its weights and without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contract.breaches import BreachError
from contract.errors import InputError
from contract.manifest_values import UnlikeError, check_depth, json_object
from contract.places import Place
from flows.inspection.found import CONFIG, DETECTOR
from flows.inspection.weights import WEIGHTS, Tensor, read_header

TOKENIZER = "sentencepiece.bpe.model"
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class CheckpointView:
    """What is shown.

    Attributes:
        place: its folder.
        network: its network's configuration; empty of a folder that holds one for each language.
        training: what it was trained with and on.
        tensors: its weights, in the order of their names.
        bytes: of its weights.
        parts: names of the checkpoints within, of a folder that holds one for each language or direction.
        steps: after how many its training ended, or those of its parts, different ones from least to most; none where
            nothing was trained.
        left_out: why there is no checkpoint, where its folder says so.
        classes: of a detector, its classes and attributes by the names of their settings, which ``network`` holds too;
            empty of all else.
    """

    place: Place
    network: dict[str, Any]
    training: dict[str, Any]
    tensors: list[Tensor]
    bytes: int
    parts: list[str]
    steps: list[int]
    left_out: str = ""
    classes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def numbers(self) -> int:
        """Parameters and buffers, as numbers."""
        return sum(tensor.numbers for tensor in self.tensors)


def look_at_checkpoint(place: Place) -> CheckpointView:
    """Reads the configuration and the header of the weights.

    Raises:
        InputError: where it is no checkpoint.
    """
    values = read_config(place)
    training = values.get("training")
    training = training if isinstance(training, dict) else {}
    if isinstance(values.get("each"), list):
        parts = _parts(place, values["each"])
        steps = sorted({step for part in parts for step in _steps(read_config(place / part).get("training"))})
        return CheckpointView(place, {}, training, [], 0, parts, steps)
    if isinstance(values.get(LEFT_OUT), str):
        return CheckpointView(place, {}, training, [], 0, [], [], values[LEFT_OUT])
    network = values.get("network")
    if not isinstance(network, dict):
        raise InputError(f"{place / CONFIG} describes no network.", f"a checkpoint: {CONFIG}, {WEIGHTS}, {TOKENIZER}.")
    tensors, total = read_header(place / WEIGHTS)
    return CheckpointView(place, network, training, tensors, total, [], _steps(training))


def _parts(place: Place, each: list[Any]) -> list[str]:
    """Names of folders in that place; what leads elsewhere, or to the place itself, is no part of it."""
    if not each or not all(isinstance(name, str) and "/" not in name and name not in ("", ".", "..") for name in each):
        raise InputError(f"{place / CONFIG} states the checkpoints {each}.", "folders beside it, one at least.")
    return each


def _steps(training: Any) -> list[int]:
    """The step of the last losses, if there are any; what was asked for may be another number."""
    losses = training.get("losses") if isinstance(training, dict) else None
    last = losses[-1] if isinstance(losses, list) and losses else None
    return [last["step"]] if isinstance(last, dict) and type(last.get("step")) is int else []


def look_at_detector(place: Place) -> CheckpointView:
    """Reads a detector's settings and the header of its weights.

    Raises:
        InputError: where it is no detector.
    """
    values = read_config(place, DETECTOR)
    stated = {name: values.get(name) or [] for name in ("class_names", "attribute_names")}
    names = {name: list(map(str, found)) for name, found in stated.items() if isinstance(found, list)}
    if len(names) < len(stated) or not names["class_names"]:
        raise InputError(f"{place / DETECTOR} lists no classes, or attributes as no list.", f"{DETECTOR}, {WEIGHTS}.")
    tensors, total = read_header(place / WEIGHTS)
    return CheckpointView(place, values, {}, tensors, total, [], [], classes=names)


def look_at_checkpoints(place: Place) -> list[CheckpointView]:
    """The checkpoints that lie in a folder, by their names."""
    return [look_at_checkpoint(place / name) for name in checkpoints_in(place)]


def checkpoints_in(place: Place) -> list[str]:
    """Names of the checkpoints in a folder, sorted; hidden ones are unfinished."""
    return [name for name in place.folders() if not name.startswith(".") and (place / name / CONFIG).is_file()]


def read_config(place: Place, name: str = CONFIG) -> dict[str, Any]:
    """What a checkpoint says of itself, or a detector in its own file.

    Raises:
        InputError: where that is not there, no JSON object, or nested too deep to be shown.
    """
    content = (place / name).read()
    if content is None:
        raise InputError(f"{place / name} is not there.", "the JSON that a training wrote.")
    try:
        values = json_object(content)
        check_depth(values)
    except UnlikeError as error:
        raise InputError(f"{place / name} cannot be read: {error.found}.", "the JSON that a training wrote.") from error
    return values


def verify_checkpoint(place: Place) -> int:
    """Checks that a checkpoint is whole and that its parts fit each other.

    Returns:
        How many checkpoints were checked: one, or those for each language; none where one was left out.

    Raises:
        BreachError: no_checkpoint, weights or tokenizer.
    """
    try:
        view = look_at_checkpoint(place)
    except InputError as error:
        raise BreachError.of("no_checkpoint", error) from error
    if view.left_out:
        return 0
    if view.parts:
        return sum(verify_checkpoint(place / part) for part in view.parts)
    _check_weights(place, view)
    _check_tokenizer(place)
    return 1


def verify_detector(place: Place) -> None:
    """Checks that a detector's weights are whole.

    Raises:
        BreachError: no_checkpoint or weights.
    """
    try:
        view = look_at_detector(place)
    except InputError as error:
        raise BreachError.of("no_checkpoint", error) from error
    _check_length(view)


def _check_length(view: CheckpointView) -> None:
    weights = view.place / WEIGHTS
    _, found = weights.copy_to(None)
    if found != view.bytes:
        raise BreachError("weights", f"{weights} has {found:,} bytes.", f"the {view.bytes:,} of its header.")


def _check_weights(place: Place, view: CheckpointView) -> None:
    _check_length(view)
    expected = _shapes(place, view.network)
    own = {tensor.name: tensor.shape for tensor in view.tensors}
    for name in sorted({*expected, *own}):
        if expected.get(name) != own.get(name):
            raise BreachError(
                "weights", f"{place / WEIGHTS} holds {name} as {own.get(name, 'nothing')}.",
                f"{expected.get(name, 'nothing')}, of the network that {CONFIG} states.",
            )  # fmt: skip


def _shapes(place: Place, network: dict[str, Any]) -> dict[str, list[int]]:
    import torch

    from contract.config import load_config
    from contract.errors import M3PError
    from model.config import NetworkConfig
    from model.network import build

    try:
        with torch.device("meta"):  # sizes alone
            built = build(load_config(NetworkConfig, network, str(place / CONFIG)))
    except (M3PError, ValueError, TypeError, RuntimeError) as error:
        raise BreachError("no_checkpoint", f"{place / CONFIG} states no network ({error}).") from error
    return {name: list(tensor.shape) for name, tensor in built.state_dict().items()}


def _check_tokenizer(place: Place) -> None:
    stated = read_config(place).get("tokenizer")
    try:
        found, _ = (place / TOKENIZER).copy_to(None)
    except InputError as error:
        raise BreachError.of("no_checkpoint", error) from error
    if found != stated:
        raise BreachError("tokenizer", f"{place / TOKENIZER} has the sha256 {found}.", f"{stated}, as {CONFIG} states.")
