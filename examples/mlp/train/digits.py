"""Digits as seven strokes, drawn by ourselves with a shaky hand: [n, 196] images of 14 x 14, values 0 to 1."""

import numpy as np

SIDE = 14
# Corners of the figure eight, in pixels: (x, y) with y downwards.
CORNERS = {"a": (4, 2), "b": (9, 2), "c": (4, 6.5), "d": (9, 6.5), "e": (4, 11), "f": (9, 11)}
STROKES = ["ab", "ac", "bd", "cd", "ce", "df", "ef"]
# Which strokes each digit has, in the order above.
DIGITS = ["1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"]


def draw(digit: int, rng: np.random.Generator) -> np.ndarray:
    """One [14, 14] image: corners moved a little, the whole shifted, a pen of random width, some noise."""
    shift = rng.uniform(-1.5, 1.5, 2)
    slant = rng.uniform(-0.2, 0.2)
    corners = {name: np.array(at) + shift + rng.normal(0, 0.5, 2) for name, at in CORNERS.items()}
    pixels = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="xy"), -1).astype(float)
    pixels[..., 0] += slant * (pixels[..., 1] - SIDE / 2)
    ink = np.zeros((SIDE, SIDE))
    width = rng.uniform(0.6, 1.0)
    for on, (start, end) in zip(DIGITS[digit], STROKES):
        if on == "1":
            ink = np.maximum(ink, _stroke(pixels, corners[start], corners[end], width))
    return np.clip(ink + rng.normal(0, 0.08, ink.shape), 0, 1)


def _stroke(pixels: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> np.ndarray:
    along = end - start
    part = np.clip(((pixels - start) @ along) / (along @ along), 0, 1)
    distance = np.linalg.norm(pixels - (start + part[..., None] * along), axis=-1)
    return np.clip(1.5 - distance / width, 0, 1)


def dataset(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """([count, 196] f32, [count] i64): digit i % 10 at place i."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    return np.stack([draw(d, rng).ravel() for d in labels]).astype(np.float32), labels
