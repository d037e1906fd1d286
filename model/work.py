"""How much work a batch is: samples, tokens, and the floating-point operations that it needs.

Only useful operations count: none on padding, none for positions whose last layer nobody reads, none of a causal
attention's masked half. A multiplication and an addition are two operations; the backward pass needs twice what the
forward pass needs. For an encoder this is the known 6 · weights · tokens + 12 · layers · width · length² a text.
Letters: D width, V vocabulary, F feature width, C object classes, L positions of a text and its regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from model.config import NetworkConfig
from model.prepared import (
    Captioned,
    Classified,
    Contrasted,
    MaskedCaptions,
    MaskedRegions,
    MaskedText,
    NoisedText,
    Pairs,
    Prepared,
    Translated,
)
from model.similarity import VECTOR_WIDTH
from model.tokenizer import PAD

_FORWARD_AND_BACKWARD = 3
_MULTIPLY_AND_ADD = 2
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Work:
    """What goes through the network.

    Attributes:
        samples: texts, pictures and pairs.
        tokens: word pieces and regions, without padding; 0 where they were not counted.
        operations: useful floating-point operations, forward and backward; 0 where they were not counted.
    """

    samples: int
    tokens: int = 0
    operations: float = 0.0


def work_of(batch: Prepared, config: NetworkConfig) -> Work:
    """The work of a prepared batch on the CPU, for a network of a configuration."""
    texts, regions, read = _lengths(batch)
    width, last = config.width, config.layers - 1
    products = float(config.feature_dim * width * regions.sum())
    if isinstance(batch, (NoisedText, Captioned, Translated)):
        memory, spoken = texts + regions, read
        products += config.layers * (
            _layer(width, memory, memory, memory**2)
            + _layer(width, spoken, spoken, spoken * (spoken + 1) / 2)
            + _attention(width, spoken, memory, spoken * memory)
        )
    elif isinstance(batch, Contrasted):
        products += sum(config.layers * _layer(width, side, side, side**2) for side in (texts, regions))
    else:
        joint = texts + regions
        products += last * _layer(width, joint, joint, joint**2) + _layer(width, read, joint, read * joint)
    products += _heads(batch, config)
    tokens = texts.sum() + regions.sum() + (read.sum() if isinstance(batch, (NoisedText, Translated)) else 0)
    return Work(len(batch.keys), int(tokens), _FORWARD_AND_BACKWARD * _MULTIPLY_AND_ADD * products)


def _lengths(batch: Prepared) -> tuple[Floats, Floats, Floats]:
    """Of each row: tokens that are encoded, regions, and the positions that the last layer is computed for."""
    none = np.zeros(len(batch.keys))
    match batch:
        case MaskedCaptions():
            texts = _real(batch.seen_BT)
            return texts, _regions(batch.regions.mask), texts
        case MaskedText():
            texts = _real(batch.seen_BT)
            return texts, none, texts
        case MaskedRegions():
            texts, regions = _real(batch.tokens_BT), _regions(batch.regions.mask)
            return texts, regions, texts + regions
        case Pairs():
            return _real(batch.tokens_PT), _regions(batch.regions.mask), np.ones(len(batch.keys))
        case Classified():
            return _real(batch.tokens_BT), none, np.ones(len(batch.keys))
        case Contrasted():
            return _real(batch.tokens_BT), _regions(batch.regions.mask), none
        case NoisedText():
            return _real(batch.noised_BT), none, _real(batch.tokens_BT) - 1
        case Captioned():
            spoken = _real(batch.tokens_BT) - 1
            return none, _regions(batch.regions.mask), spoken
        case Translated():
            return _real(batch.sources_BT), _regions(batch.regions.mask), _real(batch.tokens_BT) - 1
        case _:
            raise TypeError(f"{type(batch).__name__} is no batch whose work is known.")


def _real(tokens_BT: Tensor) -> Floats:
    return np.asarray((tokens_BT != PAD).sum(dim=1), np.float64)


def _regions(mask_BR: Tensor) -> Floats:
    return np.asarray(mask_BR.sum(dim=1), np.float64)


def _attention(width: int, asking: Floats, asked: Floats, pairs: Floats) -> float:
    """Products of an attention: query and output for what asks, key and value for what is asked, scores and sums."""
    return float(2 * width**2 * (asking.sum() + asked.sum()) + 2 * width * pairs.sum())


def _layer(width: int, asking: Floats, asked: Floats, pairs: Floats) -> float:
    """Products of a layer: attention and the two linear layers, whose inner width is four times the outer one."""
    return _attention(width, asking, asked, pairs) + float(8 * width**2 * asking.sum())


def _heads(batch: Prepared, config: NetworkConfig) -> float:
    """Products of what stands on the last layer, for the positions that are asked for."""
    width = config.width
    match batch:
        case MaskedRegions():
            return len(batch.asked) * float(width * (config.feature_dim + width + len(config.object_classes)))
        case Pairs():
            return len(batch.keys) * float(width * (width + 1))
        case Classified():
            return len(batch.keys) * float(width * (width + len(config.classes)))
        case Contrasted():
            texts, regions, _ = _lengths(batch)
            projected, compared = texts.sum() + regions.sum(), texts.sum() * regions.sum()
            return float(min(width, VECTOR_WIDTH) * (width * projected + compared))
        case MaskedText() | NoisedText() | Captioned() | Translated():
            return len(batch.asked) * float(width * (width + config.vocabulary))
        case _:
            return 0.0
