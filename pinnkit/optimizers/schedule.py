"""The learning rate of first-order methods: a linear rise, then an exponential decay."""


def rate_after(count: int, lr: float, warmup: int, decay: float, decay_every: int) -> float:
    """lr min(1, (count + 1) / warmup) decay^(count / decay_every), the rate after `count` steps.

    Example:
        >>> [rate_after(count, lr=0.1, warmup=2, decay=0.5, decay_every=4) for count in (0, 4, 8)]
        [0.05, 0.05, 0.025]
    """
    rise = min(1.0, (count + 1) / warmup) if warmup else 1.0
    return lr * rise * decay ** (count / decay_every)
