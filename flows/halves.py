"""A run in two halves, on two machines: data on one, training on the other, the DVC remote between them.

What a half made is pushed to the remote, and beside it, in ``m3p/<profile>/<half>.json``, what ``dvc.lock`` says of its
stages. The other machine takes that into its own ``dvc.lock``, so that DVC knows there what to pull.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from contract.errors import InputError, UsageError
from flows import remote
from flows.graph import LOCK, Graph, lock_entries, open_repo
from flows.revision import revision

DATA, TRAIN = "data", "train"


def check_half(half: str | None) -> None:
    """Checks a half's name.

    Raises:
        UsageError: for another.
    """
    if half not in (None, DATA, TRAIN):
        raise UsageError(f"There is no half {half!r}.", f"{DATA} or {TRAIN}.")


def share(profile: str, half: str, graph: Graph, say: Callable[[str], None]) -> None:
    """Pushes what a half's stages made, then what ``dvc.lock`` says of them.

    In this order, so that nothing is named that is not there.

    Raises:
        InputError: where a stage has not run, or the remote refuses.
        PassingError: where the remote does not answer.
    """
    entries = lock_entries()
    lacking = [address for address in graph if address not in entries]
    if lacking:
        raise InputError(f"dvc.lock says nothing of {', '.join(lacking)}.", "stages that have run.", "run them first.")
    remote.run_dvc("push", list(graph), say)
    made = {"commit": revision(), "stages": {address: entries[address] for address in graph}}
    remote.write_text(_place(profile, half), json.dumps(made, indent=1))
    say(f"the {half} half of {profile} is in the remote, as of commit {made['commit']}")


def fetch(profile: str, half: str, graph: Graph, paths: Iterable[str], say: Callable[[str], None]) -> None:
    """Pulls what a half made elsewhere, and takes what that machine's ``dvc.lock`` says of it into this one's.

    Args:
        profile: the profile's name; ``params.yaml`` must list it.
        half: whose outputs.
        graph: the stages of that half, here.
        paths: what to pull of it: outputs, or files and folders within them.
        say: is given what was done, a line each.

    Raises:
        InputError: where the remote has no such half or not all of it, or it was made by other code or settings than
            this clone has; ``dvc.lock`` is as before then.
        PassingError: where the remote does not answer.
    """
    text = remote.read_text(_place(profile, half))
    if text is None:
        raise InputError(
            f"The remote {remote.remote_name()} has no {half} half of the profile {profile!r}.", "one that was pushed.",
            f"run it where it is to be made: `m3p run --profile {profile} --half {half}`.",
        )  # fmt: skip
    made = json.loads(text)
    before = LOCK.read_bytes() if LOCK.exists() else None
    _take(made["stages"])
    if other := _made_otherwise(graph, made["stages"]):
        _put_back(before)
        raise InputError(
            f"The {half} half of {profile} in the remote was made by other code or settings than are here: "
            f"{'; '.join(other)}.",
            f"the same on both machines; it was made at commit {made['commit']}, here is {revision()}.",
            f"bring both clones to one commit, and run the {half} half again if it is not that of the remote.",
        )
    remote.run_dvc("pull", sorted(paths), say)
    say(f"pulled the {half} half of {profile}, made at commit {made['commit']}")


def _place(profile: str, half: str) -> str:
    return f"m3p/{profile}/{half}.json"


def _take(entries: dict[str, Any]) -> None:
    from dvc.utils.serialize import modify_yaml

    with open_repo() as repo, repo.lock, modify_yaml(str(LOCK)) as lock:
        lock.setdefault("schema", "2.0")
        lock.setdefault("stages", {}).update(entries)


def _put_back(before: bytes | None) -> None:
    if before is None:
        LOCK.unlink()
    else:
        LOCK.write_bytes(before)


def _made_otherwise(graph: Graph, entries: dict[str, Any]) -> list[str]:
    """The stages whose command, code or settings are here not as in the entries, and what of them.

    What is not on this machine, and what other stages make, does not count: DVC has yet to pull it.
    """
    made = {path for stage in graph.values() for path in stage.writes}
    lacking = [f"{address} has not run there" for address in graph if address not in entries]
    known = [address for address in graph if address in entries]
    with open_repo() as repo:
        status = repo.status(targets=known) if known else {}
    return lacking + [
        f"{address} ({', '.join(parts)})"
        for address, changes in status.items()
        if (parts := sorted(set(_changed_parts(changes, made))))
    ]


def _changed_parts(changes: list[Any], made: set[str]) -> Iterable[str]:
    for change in changes:
        if change == "changed command":
            yield "its command"
        elif isinstance(change, dict):
            for path, how in change.get("changed deps", {}).items():
                if how != "deleted" and not any(path == one or path.startswith(f"{one}/") for one in made):
                    yield path
