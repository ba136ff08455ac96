"""Writes the corpus: seeded small tales, one after the other, divided by a line with END.

    python tales.py --count 20000 --seed 1 > corpus.txt
"""

import argparse
import random

from plots import tell
from tale import Tale

END = "<|endoftext|>"


def tales(count: int, seed: int) -> list[str]:
    """`count` different tales; the same seed gives the same tales."""
    rng = random.Random(seed)
    return [tell(Tale(rng)) for _ in range(count)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    print(f"\n{END}\n".join(tales(given.count, given.seed)))


if __name__ == "__main__":
    main()
