"""Whisper's encoder: two convolutions over time, the second with stride 2, then LayerNorm blocks without a mask."""

import torch
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder

import fixture

SIZES = dict(mels=11, hidden=36, layers=2, heads=3, ffn=61, max_len=14)
FRAMES = 2 * SIZES["max_len"]  # the library takes no fewer


def make() -> None:
    config = WhisperConfig(
        num_mel_bins=SIZES["mels"], d_model=SIZES["hidden"], encoder_layers=SIZES["layers"],
        encoder_attention_heads=SIZES["heads"], encoder_ffn_dim=SIZES["ffn"],
        max_source_positions=SIZES["max_len"], attn_implementation="eager",
    )
    encoder = WhisperEncoder(config)
    fixture.randomize(encoder, 16)
    weights = {"model.encoder." + n: w.clone() for n, w in encoder.state_dict().items()}
    mel = torch.randn(2, SIZES["mels"], FRAMES)
    hidden = fixture.as_float64(encoder)(mel.double()).last_hidden_state
    case = {
        "model": "tests/fixtures/whisper-encoder/whisper_encoder.lum", "set": SIZES,
        "dims": {"batch": 2}, "tolerance": 1e-4,
    }
    fixture.write("whisper-encoder", weights, config.to_diff_dict(), {"mel": mel}, {"hidden_states": hidden}, case)
