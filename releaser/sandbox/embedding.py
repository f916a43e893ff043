"""A stand-in for embedding models: every word of a text falls, with a sign, into one of the vector's places.

Texts with the same words are near to each other, and nothing is known of what words mean. Vectors of the same text are
the same everywhere and always.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from functools import lru_cache

from releaser.sandbox.passages import words


def embed(text: str, dimensions: int, *, normalise: bool = True) -> list[float]:
    """The vector of a text; of length 1 when normalised. A text without words lies along the first axis."""
    vector = [0.0] * dimensions
    for word, count in Counter(words(text)).items():
        place, sign = _place(word)
        vector[place % dimensions] += sign * (1.0 + math.log(count))
    length = math.sqrt(math.fsum(value * value for value in vector))
    if length == 0.0:
        return [1.0, *vector[1:]]
    return [round(value / length, 8) for value in vector] if normalise else vector


def bits(vector: list[float]) -> list[int]:
    """The signs of a vector: 1 for what is above 0."""
    return [int(value > 0) for value in vector]


def packed(vector: list[float]) -> list[int]:
    """The signs of a vector, eight to a byte, the first the highest."""
    signs = bits(vector)
    return [int("".join(map(str, signs[at : at + 8])), 2) for at in range(0, len(signs), 8)]


def scaled(vector: list[float]) -> list[int]:
    """A vector in whole numbers from -127 to 127."""
    return [max(-127, min(127, round(value * 127))) for value in vector]


@lru_cache(maxsize=50_000)
def _place(word: str) -> tuple[int, float]:
    digest = hashlib.sha256(word.encode()).digest()
    return int.from_bytes(digest[:4], "big"), 1.0 if digest[4] % 2 else -1.0
