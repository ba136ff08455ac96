"""Llama 3: grouped-query attention, rope with theta 500000, SwiGLU, an untied head."""

from transformers import LlamaConfig, LlamaForCausalLM

from families.decoder import make_decoder

SIZES = dict(vocab=97, hidden=44, layers=3, heads=4, kv_heads=2, head_dim=12, ffn=75, max_len=32)


def make() -> None:
    config = LlamaConfig(
        vocab_size=SIZES["vocab"], hidden_size=SIZES["hidden"], num_hidden_layers=SIZES["layers"],
        num_attention_heads=SIZES["heads"], num_key_value_heads=SIZES["kv_heads"], head_dim=SIZES["head_dim"],
        intermediate_size=SIZES["ffn"], max_position_embeddings=SIZES["max_len"], rms_norm_eps=1e-5,
        rope_theta=500000.0, tie_word_embeddings=False, attn_implementation="eager",
    )
    case = {"model": "examples/llama/llama.lum", "set": {**SIZES, "T": "f32"}, "tolerance": 1e-4}
    make_decoder("llama", LlamaForCausalLM(config), 11, case)
