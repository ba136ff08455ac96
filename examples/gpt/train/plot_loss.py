"""Draws loss.csv as loss.svg, by hand: two lines, a grid, labels."""

import csv
import math
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 400, 60, 45, 20, 20
LEVELS = [0.2, 0.5, 1, 2, 5]
LINES = {"training_loss": "#9db4d6", "held_out_loss": "#1f4e99"}


def main() -> None:
    with open(FOLDER / "loss.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    last = int(rows[-1]["step"])

    def x_of(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / last

    def y_of(loss: float) -> float:
        share = math.log(loss / 0.2) / math.log(10 / 0.2)
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for level in LEVELS:
        parts.append(f'<path d="M{LEFT} {y_of(level):.1f}H{WIDTH - RIGHT}" stroke="#e3e3e3"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y_of(level) + 4:.1f}" text-anchor="end">{level}</text>')
    for step in range(0, last + 1, 200):
        parts.append(f'<text x="{x_of(step):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{step}</text>')
    for place, (column, colour) in enumerate(LINES.items()):
        points = " ".join(f"{x_of(int(r['step'])):.1f},{y_of(float(r[column])):.1f}" for r in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        text = f"{column.replace('_', ' ')}, at the end {rows[-1][column]}"
        parts.append(f'<text x="{WIDTH - RIGHT - 10}" y="{TOP + 22 + 20 * place}" text-anchor="end" fill="{colour}">{text}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">step (cross entropy in nats per token, logarithmic)</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    (FOLDER / "loss.svg").write_text(head + "\n" + "\n".join(parts) + "\n</svg>\n")


if __name__ == "__main__":
    main()
