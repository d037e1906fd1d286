"""The M3P network: regions and text in one transformer, for understanding and for generation.

Read from top to bottom, in the order in which data flows. Shape suffixes: B batch, T text tokens, R regions,
L = T + R, D width, H heads, F feature width, V vocabulary, C object classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from contract.errors import InputError
from contract.hashing import stable_hash
from model.config import NetworkConfig
from model.packing import Blocks, Packing, attend
from model.precision import computed_in
from model.similarity import ContrastiveHead, Embedded
from model.tokenizer import PAD
from model.vocabulary_loss import vocabulary_loss

_FARTHEST = 5.0  # spreads from the mean; beyond are outliers, which would rule the regression of MRM
_LEAST_SPREAD = 1e-3  # of a number that is the same everywhere
_MANY = 1 << 15  # positions of a large batch
_POSITION_OFFSET = 2  # XLM-R's first position is 2, because its padding id is 1


@dataclass(frozen=True)
class Regions:
    """The regions of a batch of pictures, padded to the longest.

    Attributes:
        features: float32 or float16 [B, R, F], as the detector gave them.
        locations: float32 [B, R, 5]: x1/w, y1/h, x2/w, y2/h, share of the picture's area.
        mask: bool [B, R], True where a region is real.
        object_ids: int64 [B, R], the detector's most likely class.
    """

    features: Tensor
    locations: Tensor
    mask: Tensor
    object_ids: Tensor

    def __getitem__(self, rows: Tensor | slice) -> Regions:
        return Regions(self.features[rows], self.locations[rows], self.mask[rows], self.object_ids[rows])

    def to(self, device: torch.device) -> Regions:
        """The regions on a device."""
        moved = (tensor.to(device) for tensor in (self.features, self.locations, self.mask, self.object_ids))
        return Regions(*moved)


class Embeddings(nn.Module):
    """Tokens and regions to vectors: each is a sum, then a norm, then dropout."""

    feature_mean: Tensor
    feature_spread: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.feature_scaling, self.compat = config.feature_scaling, config.compat
        self.first_position = 0 if config.compat else _POSITION_OFFSET
        self.register_buffer("feature_mean", torch.zeros(config.feature_dim))
        self.register_buffer("feature_spread", torch.ones(config.feature_dim))
        self.words = nn.Embedding(config.vocabulary, config.width, padding_idx=PAD)
        self.positions = nn.Embedding(config.positions or config.max_text_length + _POSITION_OFFSET, config.width)
        self.languages = nn.Embedding(len(config.languages), config.width) if config.network == "generation" else None
        self.text_norm = nn.LayerNorm(config.width, config.norm_epsilon)
        self.feature = nn.Linear(config.feature_dim, config.width)
        self.location = nn.Linear(5, config.width)
        self.region_norm = nn.LayerNorm(config.width, config.norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)

    def text(self, tokens_BT: Tensor, languages_B: Tensor | None = None, first: int | Tensor = 0) -> Tensor:
        """Vectors of tokens whose first stands at ``first``, an int or int64 [B, 1]; languages in generation only."""
        positions = torch.arange(tokens_BT.shape[1], device=tokens_BT.device) + (first + self.first_position)
        x_BTD = self.words(tokens_BT) + self.positions(positions)
        if self.languages is not None and languages_B is not None:
            x_BTD = x_BTD + self.languages(languages_B)[:, None]
        return self._ended(x_BTD, self.text_norm)

    def measure(self, features: Sequence[NDArray[np.float16]]) -> None:
        """Takes mean and spread of each of a feature's numbers from some pictures, each [R, F]."""
        numbers_NF = torch.from_numpy(np.concatenate(features).astype(np.float32))
        self.feature_mean.copy_(numbers_NF.mean(dim=0))
        self.feature_spread.copy_(numbers_NF.std(dim=0) + _LEAST_SPREAD)

    def scaled(self, features_BRF: Tensor) -> Tensor:
        """Features as the network sees them and as MRM asks for them back; they may come in float16."""
        features_BRF = features_BRF.to(self.feature_mean.dtype)
        if self.feature_scaling == "raw":
            return features_BRF
        if self.feature_scaling == "standard":
            standard_BRF = (features_BRF - self.feature_mean) / self.feature_spread
            return standard_BRF.clamp(-_FARTHEST, _FARTHEST)
        unit_BRF = F.normalize(features_BRF, dim=-1)
        # Times √F: numbers near 1, which a fresh linear layer wants. The published one was trained without.
        return unit_BRF if self.compat else unit_BRF * math.sqrt(features_BRF.shape[-1])

    def regions(self, regions: Regions, zeroed_BR: Tensor | None = None) -> Tensor:
        """Vectors of regions from features and boxes; of those that are zeroed the network sees no feature."""
        return self.region_vectors(regions.features, regions.locations, zeroed_BR)

    def region_vectors(self, features_BRF: Tensor, locations_BR5: Tensor, zeroed_BR: Tensor | None) -> Tensor:
        """The same, of tensors alone."""
        scaled_BRF = self.scaled(features_BRF)
        if zeroed_BR is not None:
            scaled_BRF = scaled_BRF.masked_fill(zeroed_BR[..., None], 0.0)
        locations_BR5 = F.normalize(locations_BR5, dim=-1) if self.compat else locations_BR5
        return self._ended(self.feature(scaled_BRF) + self.location(locations_BR5), self.region_norm)

    def beside_text(self, regions_BRD: Tensor, text_length: int) -> Tensor:
        """Regions as they stand beside text: as they are, or in m3p-compat at the first positions and normed with it.

        Raises:
            InputError: where text and regions together are longer than the table of positions.
        """
        if not self.compat:
            return regions_BRD
        count, room = regions_BRD.shape[1], self.positions.num_embeddings
        if count + text_length > room:
            raise InputError(f"{count} regions and a text of {text_length} tokens meet.", f"{room} positions in all.")
        at_RD = self.positions(torch.arange(count, device=regions_BRD.device))
        return self._ended(regions_BRD + at_RD, self.text_norm)

    def text_beside(self, tokens_BT: Tensor, regions: int | Tensor) -> Tensor:
        """Vectors of tokens beside so many regions, an int or int64 [B, 1]: in m3p-compat they stand after them."""
        return self.text(tokens_BT, first=regions if self.compat else 0)

    def _ended(self, x_BLD: Tensor, norm: nn.LayerNorm) -> Tensor:
        return self.dropout(norm(x_BLD)).to(computed_in(x_BLD))


class Attention(nn.Module):
    """Multi-head attention of x on memory, both ways or causal."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.query, self.key, self.value, self.out = (nn.Linear(config.width, config.width) for _ in range(4))

    def split(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] to [B, H, L, D / H]."""
        return x_BLD.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def project(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of x, keys and values of memory, [..., D]."""
        return self.query(x), self.key(memory), self.value(memory)

    def forward(self, x_BLD: Tensor, memory_BMD: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        """Attends, short of ``out``; ``mask`` is bool, broadcast to [B, H, L, M], True where attention may go."""
        query, key, value = (self.split(one) for one in self.project(x_BLD, memory_BMD))
        dropout = self.dropout if self.training else 0.0
        out_BHLd = F.scaled_dot_product_attention(query, key, value, mask, dropout, causal)
        return out_BHLd.transpose(1, 2).flatten(2)

    def packed(self, x_AD: Tensor, memory_ND: Tensor, blocks: Blocks, causal: bool = False) -> Tensor:
        """The same in a packed batch."""
        query, key, value = (one.unflatten(-1, (self.heads, -1)) for one in self.project(x_AD, memory_ND))
        return attend(query, key, value, blocks, causal, self.dropout if self.training else 0.0).flatten(1)


Attending = Callable[[Attention, Tensor, Tensor], Tensor]  # an attention, x and memory to what x attends to


def padded(mask: Tensor | None, causal: bool = False) -> Attending:
    """Attention over padded batches, [B, L, D]."""
    return lambda attention, x, memory: attention(x, memory, mask, causal)


def packed(blocks: Blocks, causal: bool = False) -> Attending:
    """Attention over packed batches, [N, D]."""
    return lambda attention, x, memory: attention.packed(x, memory, blocks, causal)


class Layer(nn.Module):
    """A post-norm transformer layer. As a decoder's it also attends on the encoder, with the same other weights."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.self_attention = Attention(config)
        self.self_norm = nn.LayerNorm(config.width, config.norm_epsilon)
        if config.network == "generation":
            self.cross_attention = Attention(config)
            self.cross_norm = nn.LayerNorm(config.width)
        self.expand = nn.Linear(config.width, 4 * config.width)
        self.contract = nn.Linear(4 * config.width, config.width)
        self.feed_norm = nn.LayerNorm(config.width, config.norm_epsilon)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Tensor, attending: Attending, asking: Tensor | None = None,
        memory: Tensor | None = None, attending_memory: Attending | None = None,
    ) -> Tensor:  # fmt: skip
        """One layer over x, padded or packed; with memory, a decoder's.

        Args:
            x: [..., D].
            attending: how its positions attend to each other.
            asking: those of them that the layer is computed for; all where None.
            memory: what a decoder's layer attends to.
            attending_memory: how.
        """
        asking = x if asking is None else asking
        attended = attending(self.self_attention, asking, x)
        if memory is None or attending_memory is None:
            return self.finish(self.self_attention.out, self.self_norm, asking, attended)
        x = self.add(self.self_attention.out, self.self_norm, asking, attended)
        attended = attending_memory(self.cross_attention, x, memory)
        return self.finish(self.cross_attention.out, self.cross_norm, x, attended)

    def add(self, linear: nn.Linear, norm: nn.LayerNorm, x: Tensor, change: Tensor) -> Tensor:
        """A residual connection and its norm, [..., D]; in the precision in which the network computes."""
        change = self.dropout(linear(change))
        return norm(x + change).to(change.dtype)

    def finish(self, linear: nn.Linear, norm: nn.LayerNorm, asking: Tensor, attended: Tensor) -> Tensor:
        """The rest of the layer, [..., D], from the last attention's ``linear`` on."""
        x = self.add(linear, norm, asking, attended)
        return self.add(self.contract, self.feed_norm, x, F.gelu(self.expand(x)))


class Vocabulary(nn.Module):
    """Logits over the vocabulary, with the word embedding as the last projection; in m3p-compat as the only one."""

    def __init__(self, config: NetworkConfig, words: nn.Embedding) -> None:
        super().__init__()
        self.dense = None if config.compat else nn.Linear(config.width, config.width)
        self.norm = None if config.compat else nn.LayerNorm(config.width, config.norm_epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self._tied = [words]  # in a list, so that the embedding is not registered, saved and counted twice

    def forward(self, x_ND: Tensor) -> Tensor:
        """[N, D] to [N, V]; hand over gathered positions only, never a whole batch."""
        return F.linear(self._before(x_ND), self._tied[0].weight, self.bias)

    def loss(self, x_ND: Tensor, wanted_N: Tensor) -> Tensor:
        """The sum of the cross-entropies of the wanted ids; hand over gathered positions only."""
        return vocabulary_loss(self._before(x_ND), self._tied[0].weight, self.bias, wanted_N)

    def _before(self, x_ND: Tensor) -> Tensor:
        """Hidden states as the last projection sees them."""
        return x_ND if self.dense is None or self.norm is None else self.norm(F.gelu(self.dense(x_ND)))


class Transformer(nn.Module):
    """Embeddings and layers, which both networks share.

    Attributes:
        packs: whether batches go through the layers without their padding; with it the results are the same.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config, self.packs = config, True
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.vocabulary = Vocabulary(config, self.embeddings.words)

    def initialise(self) -> None:
        """BERT's initialisation: normal, biases zero; deviation 0.02 at base width, more where layers are narrower."""
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=_deviation(self.config))
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def encode(
        self, x_BLD: Tensor, mask_BL: Tensor, first: int | None = None, packing: Packing | None = None
    ) -> Tensor:  # fmt: skip
        """All layers over the joint input, every real position seeing every other.

        Args:
            x_BLD: embedded text and regions.
            mask_BL: True where a position is real.
            first: how many positions are read, from the first; the last layer is computed for these alone. All where
                None.
            packing: of this mask and ``first``, where it was found before; else it is found here, which on a GPU waits.

        Returns:
            [B, first or L, D], where only real positions mean something.
        """
        *layers, last = self.layers
        if not self.packs:
            attending = padded(mask_BL[:, None, None, :])
            for layer in layers:
                x_BLD = layer(x_BLD, attending)
            return last(x_BLD, attending, x_BLD[:, :first])
        packing = Packing.of(mask_BL, first) if packing is None else packing
        x_ND = packing.pack(x_BLD)
        for layer in layers:
            x_ND = layer(x_ND, packed(packing.blocks))
        return packing.unpack(last(x_ND, packed(packing.asking_blocks), x_ND[packing.asking_A]))

    def compile_parts(self) -> None:
        """Compiles what regions begin with and what stands between attentions, which are one call a batch."""
        attentions = [module for module in self.modules() if isinstance(module, Attention)]
        parts = [(self.embeddings, "region_vectors"), *((attention, "project") for attention in attentions)]
        for module, name in parts + [(layer, name) for layer in self.layers for name in ("add", "finish")]:
            setattr(module, name, torch.compile(getattr(module, name), dynamic=True))
        self._see_a_large_batch()

    def _see_a_large_batch(self) -> None:
        """Has a layer compiled for many positions: how it sums over them is settled by the first it sees, for good."""
        layer = self.layers[0]
        x_ND = torch.zeros(_MANY, self.config.width, device=self.device)
        x_ND = x_ND.to(computed_in(x_ND)).requires_grad_()
        attending = packed(Blocks.of([64] * (_MANY // 64), [64] * (_MANY // 64), self.device))
        memory = () if self.config.network == "understanding" else (None, x_ND, attending)
        out_ND = layer(x_ND, attending, *memory)
        torch.autograd.grad(out_ND.sum(), [x_ND, *layer.parameters()])

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.embeddings.words.weight.device


def _deviation(config: NetworkConfig) -> float:
    """Of fresh weights: 0.02 at base width, more where layers are narrower."""
    return 0.02 * math.sqrt(768 / config.width)


class Classifier(nn.Module):
    """Logits of some classes from the hidden state of ``<s>``, by RoBERTa's two layers."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.width, config.width)
        self.out = nn.Linear(config.width, len(config.classes))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, hidden_BD: Tensor) -> Tensor:
        """[B, D] to logits [B, classes]."""
        return self.out(self.dropout(torch.tanh(self.dense(self.dropout(hidden_BD)))))

    @torch.no_grad()
    def initialise(self, config: NetworkConfig, seed: int) -> None:
        """Weights as a fresh network's, from the seed alone: the same on every machine and device."""
        draw = np.random.default_rng(stable_hash(seed, "classifier", *config.classes))
        for linear in (self.dense, self.out):
            weight = draw.standard_normal(tuple(linear.weight.shape)) * _deviation(config)
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.zero_()


class UnderstandingNetwork(Transformer):
    """One encoder over text and regions, with four heads, and one more for each task whose fine-tuning adds it.

    Text stands first and matching is scored from ``<s>``, so that XLM-R's weights mean what they meant. In the layout
    m3p-compat regions come first by their positions; attention sees no other order, so the tensors' stays the same.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self.region_feature = nn.Linear(config.width, config.feature_dim)
        self.region_class_dense = nn.Linear(config.width, config.width)
        self.region_class_norm = nn.LayerNorm(config.width, config.norm_epsilon)
        self.region_class = nn.Linear(config.width, len(config.object_classes))
        self.pool = nn.Linear(config.width, config.width)
        self.match = nn.Linear(config.width, 1)
        self.classifier = Classifier(config) if config.classes else None
        self.initialise()
        self.contrastive = ContrastiveHead(config) if config.contrastive else None

    def text(self, tokens_BT: Tensor, packing: Packing | None = None) -> Tensor:
        """Text alone to hidden states [B, T, D]."""
        return self.encode(self.embeddings.text(tokens_BT), tokens_BT != PAD, packing=packing)

    def joint(
        self, tokens_BT: Tensor, regions: Regions, zeroed_BR: Tensor | None = None, first: int | None = None,
        packing: Packing | None = None,
    ) -> Tensor:  # fmt: skip
        """Text and regions to hidden states [B, T + R, D].

        Args:
            tokens_BT: token ids with ``<s>`` first, padded.
            regions: the pictures' regions.
            zeroed_BR: bool, the regions whose feature the network does not see; it sees all where None.
            first: how many positions are wanted, from the first: [B, first, D] comes back; all where None.
            packing: as of ``encode``.
        """
        regions_BRD = self.embeddings.beside_text(self.embeddings.regions(regions, zeroed_BR), tokens_BT.shape[1])
        text_BTD = self.embeddings.text_beside(tokens_BT, regions.mask.sum(dim=1, keepdim=True))
        x_BLD = torch.cat([text_BTD, regions_BRD], dim=1)
        return self.encode(x_BLD, torch.cat([tokens_BT != PAD, regions.mask], dim=1), first, packing)

    def matching(self, tokens_BT: Tensor, regions: Regions, packing: Packing | None = None) -> Tensor:
        """Logits [B] of "text and picture belong together"; ``packing`` is of the first position, unless m3p-compat."""
        if self.config.compat:  # scored from position 0: the first region, which stands behind the text here
            first_B = torch.where(regions.mask.any(dim=1), tokens_BT.shape[1], 0)
            hidden_BLD = self.joint(tokens_BT, regions)
            return self.matching_logits(hidden_BLD[torch.arange(len(first_B), device=first_B.device), first_B][:, None])
        return self.matching_logits(self.joint(tokens_BT, regions, first=1, packing=packing))

    def matching_logits(self, hidden_BLD: Tensor) -> Tensor:
        """Matching logits [B] from the hidden state of the first position given, which is that of ``<s>``."""
        return self.match(torch.tanh(self.pool(hidden_BLD[:, 0])))[:, 0]

    def add_classes(self, classes: tuple[str, ...], seed: int) -> None:
        """Gives the network a fresh classifier, unless it has one of these classes."""
        if self.config.classes != classes:
            self.config = replace(self.config, classes=classes)
            self.classifier = Classifier(self.config).to(self.device).train(self.training)
            self.classifier.initialise(self.config, seed)

    def classify(self, tokens_BT: Tensor, packing: Packing | None = None) -> Tensor:
        """Logits [B, classes] of texts alone; ``packing`` is of the first position.

        Raises:
            InputError: where the network has no classifier.
        """
        if self.classifier is None:
            raise InputError("The network has no classifier.", "one that was fine-tuned for a task with classes.")
        hidden_B1D = self.encode(self.embeddings.text(tokens_BT), tokens_BT != PAD, first=1, packing=packing)
        return self.classifier(hidden_B1D[:, 0])

    def add_contrastive_head(self) -> None:
        """Gives the network a fresh contrastive head where it has none."""
        if self.contrastive is None:
            self.config = replace(self.config, contrastive=True)
            self.contrastive = ContrastiveHead(self.config).to(self.device)

    @property
    def contrastive_head(self) -> ContrastiveHead:
        """The contrastive head.

        Raises:
            InputError: where the network has none.
        """
        if self.contrastive is None:
            raise InputError(
                "The checkpoint has no contrastive head.", "one that was fine-tuned for retrieval with it.",
                "fine-tune it with `contrastive` above 0, or score all pairs.",
            )  # fmt: skip
        return self.contrastive

    def embedded_texts(self, tokens_BT: Tensor, packing: Packing | None = None) -> Embedded:
        """Texts as the contrastive head compares them, from the text alone."""
        return self.contrastive_head.text(self.text(tokens_BT, packing), tokens_BT != PAD)

    def embedded_pictures(self, regions: Regions, packing: Packing | None = None) -> Embedded:
        """Pictures as the contrastive head compares them, from the regions alone."""
        regions_BRD = self.embeddings.regions(regions)
        hidden_BRD = self.encode(self.embeddings.beside_text(regions_BRD, 0), regions.mask, packing=packing)
        return self.contrastive_head.picture(hidden_BRD, regions.mask)

    def class_logits(self, hidden_ND: Tensor) -> Tensor:
        """Logits [N, C] of a region's object class."""
        return self.region_class(self.region_class_norm(F.gelu(self.region_class_dense(hidden_ND))))


class GenerationNetwork(Transformer):
    """Encoder and decoder with shared weights; only the decoder's cross-attention is its own.

    Attributes:
        spelling_LV: bool, with which tokens each language may be written, all where nothing is known of it; None in
            networks of older checkpoints. ``model.spelling`` fills it in.
    """

    spelling_LV: Tensor | None

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        table = (len(config.languages), config.vocabulary)
        self.register_buffer("spelling_LV", torch.ones(table, dtype=torch.bool) if config.spelling else None)
        self.initialise()

    def encode_text(
        self, tokens_BT: Tensor, languages_B: Tensor, packing: Packing | None = None
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Text to memory [B, T, D] and its mask [B, T]."""
        mask_BT = tokens_BT != PAD
        return self.encode(self.embeddings.text(tokens_BT, languages_B), mask_BT, packing=packing), mask_BT

    def encode_joint(
        self, tokens_BT: Tensor, languages_B: Tensor, regions: Regions, packing: Packing | None = None
    ) -> tuple[Tensor, Tensor]:
        """Texts beside their pictures to memory [B, T + R, D] and its mask [B, T + R]."""
        text_BTD = self.embeddings.text(tokens_BT, languages_B)
        regions_BRD = self.embeddings.regions(regions)
        mask_BL = torch.cat([tokens_BT != PAD, regions.mask], dim=1)
        return self.encode(torch.cat([text_BTD, regions_BRD], dim=1), mask_BL, packing=packing), mask_BL

    def encode_regions(
        self, regions: Regions, zeroed_BR: Tensor | None = None, packing: Packing | None = None
    ) -> tuple[Tensor, Tensor]:
        """Pictures, some of whose regions may be zeroed, to memory [B, R, D] and its mask [B, R]."""
        return self.encode(self.embeddings.regions(regions, zeroed_BR), regions.mask, packing=packing), regions.mask

    def decode(
        self, tokens_BT: Tensor, languages_B: Tensor, memory_BMD: Tensor, memory_mask_BM: Tensor,
        packing: Packing | None = None,
    ) -> Tensor:  # fmt: skip
        """Hidden states [B, T, D] that foretell the next token; padding stands last, where nothing reads it."""
        x_BTD = self.embeddings.text(tokens_BT, languages_B)
        if not self.packs:
            attending, attending_memory = padded(None, True), padded(memory_mask_BM[:, None, None, :])
            for layer in self.layers:
                x_BTD = layer(x_BTD, attending, None, memory_BMD, attending_memory)
            return x_BTD
        packing = Packing.of(tokens_BT != PAD, beside=memory_mask_BM) if packing is None else packing
        x_ND, memory_KD = packing.pack(x_BTD), packing.pack_beside(memory_BMD)
        for layer in self.layers:
            x_ND = layer(x_ND, packed(packing.blocks, True), None, memory_KD, packed(packing.beside_blocks))
        return packing.unpack(x_ND)


def build(config: NetworkConfig) -> UnderstandingNetwork | GenerationNetwork:
    """The network that a configuration describes."""
    return GenerationNetwork(config) if config.network == "generation" else UnderstandingNetwork(config)
