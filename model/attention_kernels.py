# mypy: disable-error-code="no-untyped-def"
"""The kernels of ``model.tiled_attention``, in Triton: a program takes a head of a sample.

``*_at`` are where tensors begin: queries and what belongs to them [A, H, d], keys and values [N, H, d], sums [A, H],
the logarithms to base 2 of what the softmax divides by. Scores are scaled for powers of two.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _kept(seed, threshold, asking, head, places, HEADS: tl.constexpr):
    """Whether the attention of positions on places is kept, of equal chance for each: by a hash of 32 bits."""
    rows = (asking * HEADS + head).to(tl.uint32) * 0x9E3779B1 + seed.to(tl.uint32)
    mixed = rows[:, None] ^ (places.to(tl.uint32) * 0x85EBCA77)[None, :]
    mixed = (mixed ^ (mixed >> 16)) * 0x7FEB352D
    mixed = (mixed ^ (mixed >> 15)) * 0x846CA68B
    mixed = mixed ^ (mixed >> 16)
    return mixed >= threshold.to(tl.uint32)


@triton.jit
def _tile(start, first, count, stride, head, columns, BLOCK: tl.constexpr):
    """Offsets of a tile [BLOCK, d] of one head, and which of its rows are real."""
    rows = start + tl.arange(0, BLOCK)
    offsets = (first + rows).to(tl.int64)[:, None] * stride + head * columns.shape[0] + columns[None, :]
    return rows, offsets, rows < count


@triton.jit
def _scores(query, key, scale, rows, places, real, CAUSAL: tl.constexpr):
    """Scaled products, -inf where attention may not go."""
    allowed = real[None, :]
    if CAUSAL:
        allowed = allowed & (places[None, :] <= rows[:, None])
    return tl.where(allowed, tl.dot(query, tl.trans(key)) * scale, float("-inf"))


@triton.jit(do_not_specialize=["seed", "threshold"])
def forward(
    query_at, key_at, value_at, out_at, sums_at, asking_starts, starts, query_stride, key_stride, value_stride,
    scale, seed, threshold, share, HEADS: tl.constexpr, WIDTH: tl.constexpr, ASKING: tl.constexpr,
    PLACES: tl.constexpr, CAUSAL: tl.constexpr, DROPS: tl.constexpr,
):  # fmt: skip
    """Writes what each position attends to, and its sums."""
    sample, head = tl.program_id(0), tl.program_id(1)
    first_asking, first = tl.load(asking_starts + sample), tl.load(starts + sample)
    asking = tl.load(asking_starts + sample + 1) - first_asking
    length = tl.load(starts + sample + 1) - first
    columns = tl.arange(0, WIDTH)
    for asking_start in range(0, asking, ASKING):
        rows, at, real_rows = _tile(asking_start, first_asking, asking, query_stride, head, columns, ASKING)
        query = tl.load(query_at + at, mask=real_rows[:, None], other=0.0)
        highest = tl.full([ASKING], float("-inf"), tl.float32)
        total = tl.zeros([ASKING], tl.float32)
        summed = tl.zeros([ASKING, WIDTH], tl.float32)
        for start in range(0, length, PLACES):
            places, asked_at, real = _tile(start, first, length, key_stride, head, columns, PLACES)
            key = tl.load(key_at + asked_at, mask=real[:, None], other=0.0)
            scores = _scores(query, key, scale, rows, places, real, CAUSAL)
            higher = tl.maximum(highest, tl.max(scores, 1))
            weights = tl.exp2(scores - higher[:, None])
            shrunk = tl.exp2(highest - higher)
            total = total * shrunk + tl.sum(weights, 1)
            if DROPS:
                kept = _kept(seed, threshold, first_asking + rows, head, places, HEADS)
                weights = tl.where(kept, weights * share, 0.0)
            places, asked_at, real = _tile(start, first, length, value_stride, head, columns, PLACES)
            value = tl.load(value_at + asked_at, mask=real[:, None], other=0.0)
            summed = summed * shrunk[:, None] + tl.dot(weights.to(value.dtype), value)
            highest = higher
        rows, at, real_rows = _tile(asking_start, first_asking, asking, HEADS * WIDTH, head, columns, ASKING)
        out = summed / tl.where(total > 0, total, 1.0)[:, None]  # nothing to attend to gives zero
        tl.store(out_at + at, out.to(out_at.dtype.element_ty), mask=real_rows[:, None])
        sums = highest + tl.log2(tl.where(total > 0, total, 1.0))
        tl.store(sums_at + (first_asking + rows) * HEADS + head, sums, mask=real_rows)


@triton.jit
def _asking_tile(
    start, first, asking, query_at, query_stride, given_at, out_at, sums_at, head, columns, HEADS: tl.constexpr,
    ASKING: tl.constexpr,
):  # fmt: skip
    """What a tile of asking positions is, was given back, and summed up."""
    rows, at, real = _tile(start, first, asking, query_stride, head, columns, ASKING)
    query = tl.load(query_at + at, mask=real[:, None], other=0.0)
    rows, at, real = _tile(start, first, asking, HEADS * columns.shape[0], head, columns, ASKING)
    given = tl.load(given_at + at, mask=real[:, None], other=0.0)
    out = tl.load(out_at + at, mask=real[:, None], other=0.0)
    sums = tl.load(sums_at + (first + rows) * HEADS + head, mask=real, other=float("inf"))  # no weight for no position
    return rows, query, given, tl.sum(given.to(tl.float32) * out.to(tl.float32), 1), sums


@triton.jit
def _score_gradients(
    query, key, value, given, share_out, sums, scale, seed, threshold, share, first, rows, places, real, head,
    HEADS: tl.constexpr, CAUSAL: tl.constexpr, DROPS: tl.constexpr,
):  # fmt: skip
    """The weights after dropout, and the scores' gradients, of a tile."""
    weights = tl.exp2(_scores(query, key, scale, rows, places, real, CAUSAL) - sums[:, None])
    of_weights = tl.dot(given, tl.trans(value))
    kept_weights = weights
    if DROPS:
        kept = _kept(seed, threshold, first + rows, head, places, HEADS)
        kept_weights = tl.where(kept, weights * share, 0.0)
        of_weights = tl.where(kept, of_weights * share, 0.0)
    return kept_weights, weights * (of_weights - share_out[:, None])


@triton.jit(do_not_specialize=["seed", "threshold"])
def backward(
    query_at, key_at, value_at, out_at, sums_at, given_at, of_query_at, of_key_at, of_value_at, asking_starts, starts,
    query_stride, key_stride, value_stride, scale, plain_scale, seed, threshold, share,
    HEADS: tl.constexpr, WIDTH: tl.constexpr, ASKING: tl.constexpr, PLACES: tl.constexpr, CAUSAL: tl.constexpr,
    DROPS: tl.constexpr,
):  # fmt: skip
    """Writes the gradients of queries, keys and values from that of what was attended to, which was given."""
    sample, head = tl.program_id(0), tl.program_id(1)
    first_asking, first = tl.load(asking_starts + sample), tl.load(starts + sample)
    asking = tl.load(asking_starts + sample + 1) - first_asking
    length = tl.load(starts + sample + 1) - first
    columns = tl.arange(0, WIDTH)
    in_one_tile = (length <= PLACES) & (length > 0)
    for start in range(0, length, PLACES):
        places, at, real = _tile(start, first, length, key_stride, head, columns, PLACES)
        key = tl.load(key_at + at, mask=real[:, None], other=0.0)
        places, at, real = _tile(start, first, length, value_stride, head, columns, PLACES)
        value = tl.load(value_at + at, mask=real[:, None], other=0.0)
        of_key = tl.zeros([PLACES, WIDTH], tl.float32)
        of_value = tl.zeros([PLACES, WIDTH], tl.float32)
        for asking_start in range(0, asking, ASKING):
            rows, query, given, share_out, sums = _asking_tile(
                asking_start, first_asking, asking, query_at, query_stride, given_at, out_at, sums_at, head, columns,
                HEADS, ASKING,
            )  # fmt: skip
            weights, of_scores = _score_gradients(
                query, key, value, given, share_out, sums, scale, seed, threshold, share, first_asking, rows, places,
                real, head, HEADS, CAUSAL, DROPS,
            )  # fmt: skip
            of_value += tl.dot(tl.trans(weights.to(given.dtype)), given)
            of_scores = of_scores.to(query.dtype)
            of_key += tl.dot(tl.trans(of_scores), query)
            if in_one_tile:
                rows, asking_at, real_rows = _tile(
                    asking_start, first_asking, asking, HEADS * WIDTH, head, columns, ASKING
                )
                of_query = tl.dot(of_scores, key) * plain_scale
                tl.store(of_query_at + asking_at, of_query.to(of_query_at.dtype.element_ty), mask=real_rows[:, None])
        places, at, real = _tile(start, first, length, HEADS * WIDTH, head, columns, PLACES)
        tl.store(of_key_at + at, (of_key * plain_scale).to(of_key_at.dtype.element_ty), mask=real[:, None])
        tl.store(of_value_at + at, of_value.to(of_value_at.dtype.element_ty), mask=real[:, None])
    if not in_one_tile:  # each tile of queries once more: no two programs add to one place, and the order is always one
        for asking_start in range(0, asking, ASKING):
            rows, query, given, share_out, sums = _asking_tile(
                asking_start, first_asking, asking, query_at, query_stride, given_at, out_at, sums_at, head, columns,
                HEADS, ASKING,
            )  # fmt: skip
            of_query = tl.zeros([ASKING, WIDTH], tl.float32)
            for start in range(0, length, PLACES):
                places, at, real = _tile(start, first, length, key_stride, head, columns, PLACES)
                key = tl.load(key_at + at, mask=real[:, None], other=0.0)
                places, at, real = _tile(start, first, length, value_stride, head, columns, PLACES)
                value = tl.load(value_at + at, mask=real[:, None], other=0.0)
                weights, of_scores = _score_gradients(
                    query, key, value, given, share_out, sums, scale, seed, threshold, share, first_asking, rows,
                    places, real, head, HEADS, CAUSAL, DROPS,
                )  # fmt: skip
                of_query += tl.dot(of_scores.to(key.dtype), key)
            rows, asking_at, real_rows = _tile(asking_start, first_asking, asking, HEADS * WIDTH, head, columns, ASKING)
            of_query = of_query * plain_scale
            tl.store(of_query_at + asking_at, of_query.to(of_query_at.dtype.element_ty), mask=real_rows[:, None])
