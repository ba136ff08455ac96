"""Writes tests/fixtures/ from PyTorch and transformers: `python make_fixtures.py [family …]`.

The expected values come from a forward pass in float64, apart from the few steps (norms, softmax, rope)
in which transformers' own code goes through float32.
"""

import sys

import torch

from families import bert, gemma2, gpt2, gpt_trained, llama, qwen3, resnet, whisper_encoder

FAMILIES = {
    "llama": llama.make,
    "gpt2": gpt2.make,
    "bert": bert.make,
    "resnet": resnet.make,
    "qwen3": qwen3.make,
    "gemma2": gemma2.make,
    "whisper-encoder": whisper_encoder.make,
    "gpt-trained": gpt_trained.make,
}


def main() -> None:
    torch.set_num_threads(1)
    for family in sys.argv[1:] or FAMILIES:
        with torch.no_grad():
            FAMILIES[family]()


if __name__ == "__main__":
    main()
