# SPDX-License-Identifier: GPL-2.0
"""Quantiles, and the paired comparison of two TCPs over blocks of time slices."""
import itertools
import math
import random

RESAMPLES = 2000        # of the bootstrap
EXACT_BLOCKS = 12       # up to here all 2^n signs are tried
LEVEL = 0.05            # of the test; the interval has 1 - LEVEL


def mean(values):
    return sum(values) / len(values)


def quantile(values, q):
    """The value at rank q (0 to 1) of any values, linear between two ranks."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = math.floor(at)
    high = math.ceil(at)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def blocks_needed():
    """The least number of blocks with which a difference can be shown."""
    return 1 + math.ceil(-math.log2(LEVEL))


class Comparer:
    """
    Compares pairs of values, one pair for each block. The same seed gives the same
    interval for the same values.
    """

    def __init__(self, seed):
        self.seed = seed
        self.draws = {}

    def _draws(self, n):
        """Lists of n indices, drawn with replacement: the same for every metric."""
        if n not in self.draws:
            rng = random.Random(self.seed)
            self.draws[n] = [rng.choices(range(n), k=n) for _ in range(RESAMPLES)]
        return self.draws[n]

    def interval(self, differences):
        """(low, high): percentile bootstrap of the mean difference, over blocks."""
        n = len(differences)
        means = [sum(differences[i] for i in draw) / n for draw in self._draws(n)]
        return quantile(means, LEVEL / 2), quantile(means, 1 - LEVEL / 2)

    def p_value(self, differences):
        """
        Two-sided p of the sign-flip test: if the two TCPs were the same, each
        difference could as well have the other sign.
        """
        n = len(differences)
        seen = abs(sum(differences)) * (1 - 1e-12)
        if n <= EXACT_BLOCKS:
            signs = itertools.product((1, -1), repeat=n)
        else:
            rng = random.Random(self.seed)
            signs = [rng.choices((1, -1), k=n) for _ in range(2 ** EXACT_BLOCKS - 1)]
            # The signs that were seen are one of the possibilities.
            signs.append([1] * n)
        hits = total = 0
        for sign in signs:
            total += 1
            hits += abs(sum(s * d for s, d in zip(sign, differences))) >= seen
        return hits / total

    def compare(self, pairs):
        """
        Compare [(first, second), ...]. Return: the mean of each, their difference
        (second - first), its interval, p, and whether a difference is shown: p is
        at most LEVEL, and the interval does not contain 0.
        """
        differences = [second - first for first, second in pairs]
        low, high = self.interval(differences)
        p = self.p_value(differences)
        return {
            'first': mean([first for first, _ in pairs]),
            'second': mean([second for _, second in pairs]),
            'difference': mean(differences),
            'low': low,
            'high': high,
            'p': p,
            'blocks': len(pairs),
            'shown': p <= LEVEL and not low <= 0 <= high,
        }


def buckets(values, per_decade=6):
    """
    Counts of positive values in buckets of equal width on a logarithmic scale.
    Return: {exponent: count}; a bucket begins at 10 ** (exponent / per_decade).
    """
    counts = {}
    for value in values:
        at = math.floor(math.log10(max(value, 1e-9)) * per_decade + 1e-9)
        counts[at] = counts.get(at, 0) + 1
    return counts
