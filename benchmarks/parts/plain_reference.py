"""The network as it is plainly built: transformers' XLM-R over padded batches, logits for every token of the text."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from model.config import NetworkConfig
from model.network import Regions
from model.tokenizer import PAD

IGNORED = -100  # label of a token that is not asked for


class PlainReference(nn.Module):
    """Text, then regions, through one XLM-R; the same heads as ours."""

    def __init__(self, config: NetworkConfig, most_positions: int) -> None:
        super().__init__()
        self.xlmr = XLMRobertaForMaskedLM(
            XLMRobertaConfig(
                vocab_size=config.vocabulary, hidden_size=config.width, num_hidden_layers=config.layers,
                num_attention_heads=config.heads, intermediate_size=4 * config.width, type_vocab_size=1,
                max_position_embeddings=most_positions + 2, pad_token_id=PAD, layer_norm_eps=1e-5,
                hidden_dropout_prob=config.dropout, attention_probs_dropout_prob=config.dropout,
            )
        )  # fmt: skip
        self.feature, self.location = nn.Linear(config.feature_dim, config.width), nn.Linear(5, config.width)
        self.region_norm = nn.LayerNorm(config.width)
        self.region_feature = nn.Linear(config.width, config.feature_dim)
        self.region_class = nn.Linear(config.width, len(config.object_classes))
        self.pool, self.match = nn.Linear(config.width, config.width), nn.Linear(config.width, 1)

    def hidden(self, tokens_BT: Tensor, regions: Regions | None, features_BRF: Tensor | None = None) -> Tensor:
        """Hidden states of all positions, [B, T + R, D]."""
        words_BTD = self.xlmr.roberta.embeddings.word_embeddings(tokens_BT)
        if regions is None:
            parts, masks = [words_BTD], [tokens_BT != PAD]
        else:
            seen_BRF = F.normalize(regions.features if features_BRF is None else features_BRF, dim=-1)
            boxes_BRD = self.location(regions.locations)
            parts = [words_BTD, self.region_norm(self.feature(seen_BRF) + boxes_BRD)]
            masks = [tokens_BT != PAD, regions.mask]
        x_BLD, mask_BL = torch.cat(parts, dim=1), torch.cat(masks, dim=1)
        states: Tensor = self.xlmr.roberta(inputs_embeds=x_BLD, attention_mask=mask_BL.long()).last_hidden_state
        return states

    def masked_language(self, tokens_BT: Tensor, labels_BT: Tensor, regions: Regions | None) -> Tensor:
        """MMLM, or xMLM without regions."""
        logits_BTV = self.xlmr.lm_head(self.hidden(tokens_BT, regions)[:, : tokens_BT.shape[1]])
        return F.cross_entropy(logits_BTV.flatten(0, 1), labels_BT.flatten(), ignore_index=IGNORED)

    def masked_regions(self, tokens_BT: Tensor, regions: Regions, chosen_BR: Tensor, zeroed_BR: Tensor) -> Tensor:
        """MRM."""
        features_BRF = regions.features.masked_fill(zeroed_BR[..., None], 0.0)
        hidden_ND = self.hidden(tokens_BT, regions, features_BRF)[:, tokens_BT.shape[1] :][chosen_BR]
        wanted_NF = F.normalize(regions.features, dim=-1)[chosen_BR]
        regression = F.mse_loss(self.region_feature(hidden_ND), wanted_NF)
        return regression + F.cross_entropy(self.region_class(hidden_ND), regions.object_ids[chosen_BR])

    def matching(self, tokens_BT: Tensor, regions: Regions, matched_B: Tensor) -> Tensor:
        """VLM."""
        pooled_BD = torch.tanh(self.pool(self.hidden(tokens_BT, regions)[:, 0]))
        return F.binary_cross_entropy_with_logits(self.match(pooled_BD)[:, 0], matched_B)
