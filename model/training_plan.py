"""How long, how fast and by what means a training runs."""

from __future__ import annotations

from dataclasses import dataclass

LOG_EVERY = 20  # steps that a line of the log averages over


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        steps: optimiser steps.
        learning_rate: its peak.
        warmup_steps: steps of linear warm-up, before a linear decay to zero.
        weight_decay: AdamW's weight decay.
        clip_norm: largest norm of the gradient.
        betas: AdamW's decay rates.
    """

    steps: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    clip_norm: float
    betas: tuple[float, float] = (0.9, 0.98)

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.learning_rate * ((step + 1) / self.warmup_steps)
        return self.learning_rate * max(0.0, (self.steps - step) / max(1, self.steps - self.warmup_steps))


@dataclass(frozen=True)
class Running:
    """The means of a training, all of which a network and its batches are independent of.

    Attributes:
        checkpoint_every: optimiser steps between saved states.
        keep_checkpoints: saved states that are kept, besides the best weights.
        accumulate: parts in which a batch goes through the network; their gradients add up to the batch's.
        precision: float32, or bfloat16 for products; weights and optimiser are float32 in both.
        recompute: whether the backward pass computes the layers' activations again instead of keeping them.
        compile: whether layers are compiled, on a GPU.
        spread: whether each of several processes keeps a part of weights and optimiser alone.
        peak_tflops: the processor's rate in 10^12 operations a second; 0 where it is not known.
        validate_every: optimiser steps between validations; the last step has one too. 0 validates never.
        best_metric: the metric whose lowest value says which weights are kept; the last ones where it is empty.
    """

    checkpoint_every: int = 500
    keep_checkpoints: int = 2
    accumulate: int = 1
    precision: str = "float32"
    recompute: bool = False
    compile: bool = False
    spread: bool = False
    peak_tflops: float = 0.0
    validate_every: int = 0
    best_metric: str = ""

    def validates(self, done: int, steps: int) -> bool:
        """Whether there is a validation after so many steps of all."""
        return self.validate_every > 0 and (done % self.validate_every == 0 or done == steps)
