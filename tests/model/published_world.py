"""A checkpoint as the published code writes it, small, with the names and shapes of its own network."""

import torch

WIDTH, LAYERS, HEADS, FEATURES, CLASSES, POSITIONS, LANGUAGES = 32, 3, 4, 8, 6, 40, 3
UNUSED = (  # by the retrieval network; spelt as they are
    "refine_embeddings.layers.0.self_attn.linears.0.weight", "cross_alignment.att_weight_c.weight",
    "latent_transforms.0.x_to_mu.weight", "original_transforms.1.dense.bias", "pooled_layer2.dense.weight",
    "seq_relationship2.bias", "image_embeddings.image_distbution_embeddings.weight", "cross_lang_embeddings.weight",
    "encoder_attn.0.q_lin.weight", "layer_norm15.0.bias",
)  # fmt: skip


def published_weights(vocabulary: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights of every name; norms and biases are random too, so that none can be left out."""
    d, draw = WIDTH, torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw) * 0.3

    weights = {
        "embeddings.weight": random(vocabulary, d), "position_embeddings.weight": random(POSITIONS, d),
        "pred_layer.proj.bias": random(vocabulary),
    }  # fmt: skip
    weights["pred_layer.proj.weight"] = weights["embeddings.weight"]
    linear = {
        "image_embeddings.image_embeddings": (d, FEATURES), "image_embeddings.image_location_embeddings": (d, 5),
        "pooled_layer.dense": (d, d), "seq_relationship": (1, d), "mrfr_dense": (FEATURES, d),
        "transformer_obj.dense": (d, d), "pred_obj_layer.proj": (CLASSES, d),
    }  # fmt: skip
    norms = ["layer_norm_emb", "image_embeddings.LayerNorm", "transformer_obj.LayerNorm"]
    for layer in range(LAYERS):
        linear |= {f"attentions.{layer}.{name}_lin": (d, d) for name in ("q", "k", "v", "out")}
        linear |= {f"ffns.{layer}.lin1": (4 * d, d), f"ffns.{layer}.lin2": (d, 4 * d)}
        norms += [f"layer_norm1.{layer}", f"layer_norm2.{layer}"]
    for name, shape in linear.items():
        weights |= {f"{name}.weight": random(*shape), f"{name}.bias": random(shape[0])}
    for name in norms:
        weights |= {f"{name}.weight": 1 + random(d), f"{name}.bias": random(d)}
    return weights


def published_file(vocabulary: int) -> dict:
    """What such a file holds in all, as saved from several GPUs: weights, those that are not used, and other things."""
    weights = published_weights(vocabulary) | {name: torch.zeros(2, 3) for name in UNUSED}
    return {
        "epoch": 7,
        "model": {f"module.{name}": tensor for name, tensor in weights.items()},
        "params": {"lgs": "en"},
    }
