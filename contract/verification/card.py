"""Whether a dataset's card says what its manifest says."""

from __future__ import annotations

from contract.breaches import BreachError
from contract.card import CARD, card_of
from contract.errors import InputError
from contract.hashing import MANIFEST
from contract.manifest import Manifest
from contract.places import Place
from contract.schemas import SCHEMAS

_REMEDY = "run the stage again, which writes it anew."


def check_card(place: Place, manifest: Manifest) -> None:
    """Compares the card with the one that manifest and schema give.

    That of an older minor version of the schema is passed over: it lists the columns of its time.

    Args:
        place: the dataset's folder.
        manifest: what lies there.

    Raises:
        BreachError: card.
    """
    if manifest.version != SCHEMAS[manifest.dataset].version:
        return
    try:
        content = (place / CARD).read()
    except InputError as error:
        raise BreachError.of("card", error) from error
    if content is None:
        raise BreachError("card", f"{place / CARD} is not there.", "the dataset's card.", _REMEDY)
    expected = card_of(manifest).encode(errors="replace")  # what no stage can have written is another card
    if content != expected:
        found, wanted = content.splitlines(), expected.splitlines()
        pairs = enumerate(zip(found, wanted, strict=False), 1)
        line = next((number for number, (one, other) in pairs if one != other), min(len(found), len(wanted)) + 1)
        raise BreachError(
            "card", f"{place / CARD} is not the card of this dataset, from its line {line} on.",
            f"the one that {MANIFEST} and the schema give.", _REMEDY,
        )  # fmt: skip
