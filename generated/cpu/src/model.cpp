// Gpt: memory, weights, and the forward pass.
#include "model.h"

#include <algorithm>
#include <cstring>

#include "runtime/gemm.h"
#include "runtime/parallel.h"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::BoundWeights& bound, Weights& weights) {
    bound.as_stored(&weights.embed, "transformer.wte.weight", {1536, 160});
    bound.as_stored(&weights.places, "transformer.wpe.weight", {256, 160});
    bound.as_stored(&weights.transformer_ln_f_gain, "transformer.ln_f.weight", {160});
    bound.as_stored(&weights.transformer_ln_f_bias, "transformer.ln_f.bias", {160});
    for (int64_t l = 0; l < 5; ++l) {
        Weights::PerL& per_l = weights.per_l[l];
        bound.as_stored(&per_l.ln_1_gain, "transformer.h." + std::to_string(l) + ".ln_1.weight", {160});
        bound.as_stored(&per_l.ln_1_bias, "transformer.h." + std::to_string(l) + ".ln_1.bias", {160});
        bound.in_panels(&per_l.attn_w_qkv, "transformer.h." + std::to_string(l) + ".attn.c_attn.weight", {160, 480}, /*columns*/ 480, /*depth*/ 160, /*depth is contiguous*/ false);
        bound.as_stored(&per_l.attn_b_qkv, "transformer.h." + std::to_string(l) + ".attn.c_attn.bias", {480});
        bound.in_panels(&per_l.attn_w_out, "transformer.h." + std::to_string(l) + ".attn.c_proj.weight", {160, 160}, /*columns*/ 160, /*depth*/ 160, /*depth is contiguous*/ false);
        bound.as_stored(&per_l.attn_b_out, "transformer.h." + std::to_string(l) + ".attn.c_proj.bias", {160});
        bound.as_stored(&per_l.ln_2_gain, "transformer.h." + std::to_string(l) + ".ln_2.weight", {160});
        bound.as_stored(&per_l.ln_2_bias, "transformer.h." + std::to_string(l) + ".ln_2.bias", {160});
        bound.in_panels(&per_l.mlp_w_up, "transformer.h." + std::to_string(l) + ".mlp.c_fc.weight", {160, 640}, /*columns*/ 640, /*depth*/ 160, /*depth is contiguous*/ false);
        bound.as_stored(&per_l.mlp_b_up, "transformer.h." + std::to_string(l) + ".mlp.c_fc.bias", {640});
        bound.in_panels(&per_l.mlp_w_down, "transformer.h." + std::to_string(l) + ".mlp.c_proj.weight", {640, 160}, /*columns*/ 160, /*depth*/ 640, /*depth is contiguous*/ false);
        bound.as_stored(&per_l.mlp_b_down, "transformer.h." + std::to_string(l) + ".mlp.c_proj.bias", {160});
    }
}

lum::Fault bind_weights(gpt_model& model, const char* path, const gpt_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.bound, model.weights);
    const std::string cache = options.cache_path != nullptr ? options.cache_path : std::string(path) + ".gpt.packed";
    return model.bound.bind(path, cache, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

}  // namespace

lum::Fault gpt_model::create(const char* weights_path, const gpt_options& options) {
    lum::set_threads(options.threads);
    threads = lum::threads();
    keeps_timings = options.timings != 0;
    if (lum::Fault fault = arena_memory.allocate(kArenaBytes, "the arena")) return fault;
    if (lum::Fault fault = state_memory.allocate(kStateBytes, "the state")) return fault;
    if (lum::Fault fault = tap_memory.allocate(kTapBytes, "the taps")) return fault;
    const size_t workspace_bytes = static_cast<size_t>(lum::gemm_workspace_bytes(threads));
    if (lum::Fault fault = workspace.allocate(workspace_bytes, "the workspace")) return fault;
    state.k_cache = at<float>(state_memory.data(), 0);
    state.v_cache = at<float>(state_memory.data(), 819200);
    return bind_weights(*this, weights_path, options);
}

void gpt_model::reset_state(const char* name) {
    if (name == nullptr || std::strcmp(name, "k_cache") == 0)
        lum::zero(state.k_cache, 819200);
    if (name == nullptr || std::strcmp(name, "v_cache") == 0)
        lum::zero(state.v_cache, 819200);
}

// One kernel, named as its file in kernels/; leaves the entry when it met an index outside of a tensor.
#define CALL(kernel, ...) \
    if (const int code = model.call(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// tokens: i32[s]
// logits: f32[1536]
int run_forward(gpt_model& model, int64_t s, int64_t pos, const lum::i32* tokens, float* logits) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    float* const h = at<float>(arena, 2621440);  // f32[s, 160], 160 KiB
    float* const a = at<float>(arena, 0);  // f32[s, 160], 160 KiB
    float* const attn_qkv = at<float>(arena, 1310720);  // f32[s, 480], 480 KiB
    float* const attn_attention_score = at<float>(arena, 0);  // f32[5, s, pos + s], 1.3 MiB
    float* const attn_attention_weight_of = at<float>(arena, 1310720);  // f32[5, s, pos + s], 1.3 MiB
    float* const attn_attention_o = at<float>(arena, 0);  // f32[s, 5, 32], 160 KiB
    float* const h_2 = at<float>(arena, 655360);  // f32[s, 160], 160 KiB
    float* const m = at<float>(arena, 819200);  // f32[s, 160], 160 KiB
    float* const mlp_u = at<float>(arena, 0);  // f32[s, 640], 640 KiB
    float* const z = at<float>(arena, 0);  // f32[160], 640 bytes

    CALL(h, tokens, weights.embed, weights.places, h, &model.indices, s, pos);
    for (int64_t l = 0; l < 5; ++l) {
        const Weights::PerL& per_l = weights.per_l[l];
        CALL(a, h, per_l.ln_1_gain, per_l.ln_1_bias, a, s);
        CALL(attn_qkv, a, per_l.attn_w_qkv, per_l.attn_b_qkv, attn_qkv, model.workspace.data(), s);
        CALL(update_k_cache, attn_qkv, model.state.k_cache, s, l, pos);
        CALL(update_v_cache, attn_qkv, model.state.v_cache, s, l, pos);
        CALL(attn_attention_score, attn_qkv, model.state.k_cache, attn_attention_score, model.workspace.data(), s,
             pos, l);
        CALL(attn_attention_weight_of, attn_attention_score, attn_attention_weight_of, s, pos);
        CALL(attn_attention_o, attn_attention_weight_of, model.state.v_cache, attn_attention_o,
             model.workspace.data(), s, pos, l);
        CALL(h_2, attn_attention_o, per_l.attn_w_out, h, per_l.attn_b_out, h_2, model.workspace.data(), s);  // h
        CALL(a, h_2, per_l.ln_2_gain, per_l.ln_2_bias, m, s);  // m
        CALL(mlp_u, m, per_l.mlp_w_up, per_l.mlp_b_up, mlp_u, model.workspace.data(), s);
        CALL(h_3, mlp_u, per_l.mlp_w_down, h_2, per_l.mlp_b_down, h, model.workspace.data(), s);  // h
    }
    CALL(z, h, weights.transformer_ln_f_gain, weights.transformer_ln_f_bias, z, s);
    CALL(logits, z, weights.embed, logits, model.workspace.data());
    return 0;
}

