"""Coloured shapes on a coloured ground, drawn by ourselves: [n, 3, 33, 33], values -1 to 1."""

import numpy as np

SIDE = 33
NAMES = ["disc", "ring", "square", "frame", "triangle", "cross", "stripes", "moon"]


def draw(kind: int, rng: np.random.Generator) -> np.ndarray:
    """One [3, 33, 33] image: shape, place, size, turn and colours drawn at random, with some noise."""
    size = rng.uniform(7, 12)
    turn = rng.uniform(-0.5, 0.5)
    centre = SIDE / 2 + rng.uniform(-4, 4, 2)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(float)
    u = ((x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)) / size
    v = ((y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)) / size
    inside = np.clip(_inside(NAMES[kind], u, v) * size + 0.5, 0, 1)
    ground, ink = rng.uniform(-0.8, 0.0, 3), rng.uniform(0.1, 0.9, 3)
    if rng.random() < 0.5:
        ground, ink = ink, ground
    image = ground[:, None, None] * (1 - inside) + ink[:, None, None] * inside
    return image + rng.normal(0, 0.08, image.shape)


def _inside(name: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Distance to the border in units of the size: positive inside."""
    radius, square = np.hypot(u, v), np.maximum(abs(u), abs(v))
    match name:
        case "disc":
            return 0.9 - radius
        case "ring":
            return 0.22 - abs(radius - 0.75)
        case "square":
            return 0.8 - square
        case "frame":
            return 0.2 - abs(square - 0.7)
        case "triangle":
            return np.minimum(0.6 - v, 0.45 + 0.5 * v - 0.87 * abs(u))
        case "cross":
            return np.minimum(0.95 - square, 0.25 - np.minimum(abs(u), abs(v)))
        case "stripes":
            return np.minimum(0.95 - square, 0.16 - abs((v * 1.6) % 1.0 - 0.5) / 1.6)
        case "moon":
            return np.minimum(0.9 - radius, np.hypot(u - 0.45, v) - 0.75)
        case _:
            raise ValueError(name)


def dataset(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """([count, 3, 33, 33] f32, [count] i64): shape i % 8 at place i."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(NAMES)
    return np.stack([draw(k, rng) for k in labels]).astype(np.float32), labels
