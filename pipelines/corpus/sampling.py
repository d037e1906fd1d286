"""How much of each language is seen: the paper's smoothing, and a budget that follows it."""

from __future__ import annotations

from collections.abc import Mapping


def smoothed(counts: Mapping[str, int], alpha: float) -> dict[str, float]:
    """λ_l = p_l^α / Σ p^α, the probability with which training draws language l (section 3.2 of the paper)."""
    total = sum(counts.values())
    weights = {lang: (count / total) ** alpha for lang, count in sorted(counts.items()) if count}
    return {lang: weight / sum(weights.values()) for lang, weight in weights.items()}


def quotas(available: Mapping[str, int], budget: int, alpha: float) -> dict[str, int]:
    """Sentences to take of each language, together ``budget``, or all where there are no more.

    A language with fewer sentences than its share gives all it has, and the others share the rest.
    """
    taken: dict[str, int] = {}
    shares = smoothed(available, alpha)
    while shares:
        left, weight = budget - sum(taken.values()), sum(shares.values())
        scarce = {lang for lang, share in shares.items() if available[lang] <= left * share / weight}
        if not scarce:
            return taken | _apportion(shares, left)
        taken |= {lang: available[lang] for lang in scarce}
        shares = {lang: share for lang, share in shares.items() if lang not in scarce}
    return taken


def split_quota(quota: int, by_shard: Mapping[int, int]) -> dict[int, int]:
    """Divides a language's quota among the shards in proportion to what they hold."""
    shares = {str(shard): float(count) for shard, count in by_shard.items()}
    return {int(shard): part for shard, part in _apportion(shares, quota).items()} if sum(shares.values()) else {}


def _apportion(shares: Mapping[str, float], whole: int) -> dict[str, int]:
    """Whole numbers in proportion to the shares, together ``whole``: largest remainders, then names."""
    weight = sum(shares.values())
    exact = {name: whole * share / weight for name, share in shares.items()}
    parts = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (parts[name] - exact[name], name))
    for name in by_remainder[: whole - sum(parts.values())]:
        parts[name] += 1
    return parts
