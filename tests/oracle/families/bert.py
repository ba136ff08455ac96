"""BERT as a sentence encoder: a padded batch, hidden states, and their mean over what is not padding."""

import torch
from transformers import BertConfig, BertModel

import fixture

SIZES = dict(vocab=97, hidden=36, layers=3, heads=3, ffn=70, max_len=24)
LENGTHS = (11, 4, 7)


def make() -> None:
    config = BertConfig(
        vocab_size=SIZES["vocab"], hidden_size=SIZES["hidden"], num_hidden_layers=SIZES["layers"],
        num_attention_heads=SIZES["heads"], intermediate_size=SIZES["ffn"],
        max_position_embeddings=SIZES["max_len"], attn_implementation="eager",
    )
    model = BertModel(config, add_pooling_layer=False)
    fixture.randomize(model, 15)
    weights = {n: w.clone() for n, w in model.state_dict().items() if "position_ids" not in n and "token_type_ids" not in n}
    batch, length = len(LENGTHS), max(LENGTHS)
    ids = torch.stack([fixture.tokens(length, SIZES["vocab"], 15 + b) for b in range(batch)])
    mask = (torch.arange(length)[None, :] < torch.tensor(LENGTHS)[:, None]).int()
    ids = ids * mask
    hidden = fixture.as_float64(model)(input_ids=ids.long(), attention_mask=mask.long()).last_hidden_state
    weight = mask[:, :, None].double()
    embedding = (hidden * weight).sum(1) / weight.sum(1)
    case = {
        "model": "examples/bert/bert.lum", "set": SIZES, "dims": {"batch": batch, "s": length}, "tolerance": 1e-4,
    }
    fixture.write(
        "bert", weights, config.to_diff_dict(), {"tokens": ids, "mask": mask},
        {"hidden_states": hidden, "embedding": embedding}, case,
    )
