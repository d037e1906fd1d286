"""What an unfinished training keeps: states that are whole or not there, and lines of JSON about its steps."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from contract.errors import InputError
from contract.hashing import sha256_of_file, sha256_of_json
from model.distributed import like, whole

Line = dict[str, float]  # of JSON, about a step
_TENSORS, _FACTS = "tensors.safetensors", "state.json"
_NEW, _OLD = ".new", ".old"  # of folders that are not whole: being written, being removed


@contextmanager
def work_folder(out: Path, determined_by: Mapping[str, Any], leads: bool = True) -> Iterator[Path]:
    """Where an unfinished training keeps its state: a folder named by all that determines the training's result.

    It is removed where the block ends without an error; else it waits for the same command. Of several processes the
    one that leads removes it.

    Args:
        out: what the training will write; the folder lies beside it.
        determined_by: settings, seed, fingerprints of code and inputs, and what else changes a weight's last digit.
        leads: whether this process leads.
    """
    folder = out.parent / ".work" / f"{out.name}-{sha256_of_json(determined_by)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    if leads:
        shutil.rmtree(folder)


def surroundings(code: str, device: torch.device, processes: int = 1) -> dict[str, Any]:
    """What else the last digits of a weight depend on: the code's fingerprint, torch, processor, threads, processes."""
    threads = torch.get_num_threads()
    return {
        "code": code, "torch": torch.__version__, "device": device.type, "threads": threads, "processes": processes,
    }  # fmt: skip


@contextmanager
def needs_room(path: Path, size: int) -> Iterator[None]:
    """Turns a full disk, or one that cannot be written, into one message.

    Args:
        path: what is written within the block.
        size: how many bytes that needs.

    Raises:
        InputError: says how much was needed and how much is free.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        free = shutil.disk_usage(path.parent).free
        raise InputError(
            f"{path} cannot be written ({error}).",
            f"room for {size / 1e6:,.2f} MB there, where {free / 1e6:,.2f} MB are free.",
            "make room and run the same command: it goes on from the last state that was saved.",
        ) from error


class StepLog:
    """A file of JSON lines, each with the ``step`` that it is about, which a resumed training goes on with.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut(self, last: int) -> int:
        """Drops the lines after a step, and one that was cut off in writing; returns how many are left."""
        kept = end = 0
        self.path.touch()
        with self.path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n") or _step_of(raw) > last:
                    break
                kept, end = kept + 1, end + len(raw)
        os.truncate(self.path, end)
        return kept

    def add(self, lines: Iterable[Line]) -> None:
        """Appends lines.

        Raises:
            InputError: where there is no room for them.
        """
        text = "".join(json.dumps(line) + "\n" for line in lines).encode()
        with needs_room(self.path, len(text)), self.path.open("ab") as file:
            file.write(text)

    def lines(self) -> Iterator[Line]:
        """The lines, from the first."""
        with self.path.open() as file:
            yield from map(json.loads, file)


def _step_of(raw: bytes) -> float:
    try:
        return float(json.loads(raw)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")  # no line of this file: it and all after it are dropped, and the count tells


def size_of(network: nn.Module) -> int:
    """The bytes of a network's weights."""
    return sum(tensor.nbytes for tensor in network.state_dict().values())


def weights_of(network: nn.Module, keeps: bool = True) -> dict[str, Tensor]:
    """A network's weights by their names, whole; processes over which they are spread ask together, one keeps them."""
    return _gathered(network.state_dict(), keeps)


def _gathered(tensors: Mapping[str, Tensor], keeps: bool) -> dict[str, Tensor]:
    gathered = ((name, whole(tensor)) for name, tensor in tensors.items())  # one at a time on the device
    return {name: tensor for name, tensor in gathered if keeps}


def put_weights(weights: Mapping[str, Tensor], network: nn.Module) -> None:
    """Puts whole weights into a network, or its part of them where they are spread."""
    places = network.state_dict()
    network.load_state_dict({name: like(tensor, places.get(name, tensor)) for name, tensor in weights.items()})


def state_of(network: nn.Module, optimiser: torch.optim.Optimizer, keeps: bool = True) -> dict[str, Tensor]:
    """The tensors of network and optimiser, whole, as ``weights_of`` gives them."""
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, values in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in values.items()}
    return _gathered(tensors, keeps)


class States:
    """The saved states of a training in its work folder, the last few and the best.

    A state is a folder: the tensors of network and optimiser, and JSON with their checksum. It is
    written under another name, forced to the disk and then renamed: it is whole or not there. Rates, batches and random
    draws follow from the step's number.

    Args:
        work: the work folder.
        keep: how many states are kept besides the best.
    """

    def __init__(self, work: Path, keep: int) -> None:
        self._work, self._keep = work, keep
        for unfinished in [*work.glob(f"*{_NEW}"), *work.glob(f"*{_OLD}")]:
            shutil.rmtree(unfinished)

    def save(self, step: int, tensors: Mapping[str, Tensor], logs: Iterable[StepLog]) -> None:
        """Saves the state after a step, and then removes those that are too many.

        Args:
            step: optimiser steps that are done.
            tensors: what ``state_of`` gives.
            logs: files that must be on the disk before the state is.

        Raises:
            InputError: where there is no room for it; the states before it stay.
        """
        for log in logs:
            _force_to_disk(log.path)
        self._write(self._place("state", step), tensors)
        self._remove(self._found("state")[: -self._keep])
        self._remove(self._found("best")[:-1])  # only now: from an earlier state training would need an earlier best

    def save_best(self, step: int, weights: Mapping[str, Tensor]) -> None:
        """Saves the weights after a step, the best so far; those before go with the next state.

        Raises:
            InputError: where there is no room for them; the best before stays.
        """
        best = self._place("best", step)
        if best.exists():  # of a training that was killed after it, whose digits may have been others on a GPU
            self._remove([best])
        self._write(best, weights)

    def resume(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Puts the last state into network and optimiser and returns its step; 0 where there is none.

        Raises:
            InputError: where the state is damaged.
        """
        states = self._found("state")
        if not states:
            return 0
        earlier = f"step {_step_in(states[-2])}" if len(states) > 1 else "the beginning"
        with _whole(states[-1], f"the training then goes on from {earlier}"):
            weights, values = {}, dict[int, dict[str, Tensor]]()
            for name, tensor in _read(states[-1]).items():
                kind, _, rest = name.partition(".")
                if kind == "network":
                    weights[rest] = tensor
                else:
                    index, _, field = rest.partition(".")
                    values.setdefault(int(index), {})[field] = tensor
            put_weights(weights, network)
            parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
            state = {
                index: {
                    name: like(value, parameters[index]) if value.ndim else value for name, value in fields.items()
                } for index, fields in values.items()
            }  # fmt: skip
            optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        return _step_in(states[-1])

    def load_best(self, step: int, network: nn.Module) -> None:
        """Puts the best weights, those after a step, into the network.

        Raises:
            InputError: where they are damaged.
        """
        with _whole(self._work, "the training then starts anew"):
            put_weights(_read(self._place("best", step)), network)

    def _place(self, kind: str, step: int) -> Path:
        return self._work / f"{kind}-{step:010d}"

    def _found(self, kind: str) -> list[Path]:
        """The saved folders of a kind, the oldest first."""
        return sorted(path for path in self._work.glob(f"{kind}-*") if path.suffix not in (_NEW, _OLD))

    def _write(self, folder: Path, tensors: Mapping[str, Tensor]) -> None:
        if folder.exists():  # equal steps have equal states
            return
        new = folder.with_suffix(_NEW)
        try:
            with needs_room(new, sum(tensor.nbytes for tensor in tensors.values())):
                new.mkdir()
                save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, new / _TENSORS)
                (new / _FACTS).write_text(json.dumps({"sha256": sha256_of_file(new / _TENSORS)}) + "\n")
                for path in (new / _TENSORS, new / _FACTS, new):
                    _force_to_disk(path)
                new.rename(folder)
                _force_to_disk(self._work)
        except InputError:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def _remove(self, folders: Iterable[Path]) -> None:
        for folder in folders:
            shutil.rmtree(folder.rename(folder.with_suffix(_OLD)))


def _step_in(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def _read(folder: Path) -> dict[str, Tensor]:
    facts = json.loads((folder / _FACTS).read_text())
    if facts["sha256"] != sha256_of_file(folder / _TENSORS):
        raise ValueError(f"{_TENSORS} has not the checksum that {_FACTS} states")
    return load_file(folder / _TENSORS)


@contextmanager
def _whole(folder: Path, then: str) -> Iterator[None]:
    """Turns what goes wrong in reading a state into one message."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise damaged(folder, str(error), then) from error


def damaged(folder: Path, how: str, then: str) -> InputError:
    """What is said of a folder whose content cannot be gone on with, and what happens when it is deleted."""
    return InputError(
        f"The saved training {folder} is damaged ({how}).", "what this command saved.", f"delete {folder}; {then}."
    )


def _force_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
