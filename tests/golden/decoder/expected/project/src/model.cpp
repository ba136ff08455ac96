// Decoder: memory, weights, and the forward pass.
#include "model.h"

#include <algorithm>
#include <cstring>

#include "runtime/gemm.h"
#include "runtime/parallel.h"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::BoundWeights& bound, Weights& weights) {
    bound.as_stored(&weights.embed, "embed", {32, 16});
    for (int64_t l = 0; l < 2; ++l) {
        Weights::PerL& per_l = weights.per_l[l];
        bound.as_stored(&per_l.g, "layers." + std::to_string(l) + ".g", {16});
        bound.as_stored(&per_l.wq, "layers." + std::to_string(l) + ".wq", {16, 16});
        bound.as_stored(&per_l.wk, "layers." + std::to_string(l) + ".wk", {16, 16});
        bound.as_stored(&per_l.wv, "layers." + std::to_string(l) + ".wv", {16, 16});
        bound.as_stored(&per_l.wo, "layers." + std::to_string(l) + ".wo", {16, 16});
    }
}

lum::Fault bind_weights(decoder_model& model, const char* path, const decoder_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.bound, model.weights);
    const std::string cache = options.cache_path != nullptr ? options.cache_path : std::string(path) + ".decoder.packed";
    return model.bound.bind(path, cache, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

}  // namespace

lum::Fault decoder_model::create(const char* weights_path, const decoder_options& options) {
    lum::set_threads(options.threads);
    threads = lum::threads();
    keeps_timings = options.timings != 0;
    if (lum::Fault fault = arena_memory.allocate(kArenaBytes, "the arena")) return fault;
    if (lum::Fault fault = state_memory.allocate(kStateBytes, "the state")) return fault;
    if (lum::Fault fault = tap_memory.allocate(kTapBytes, "the taps")) return fault;
    const size_t workspace_bytes = static_cast<size_t>(lum::gemm_workspace_bytes(threads));
    if (lum::Fault fault = workspace.allocate(workspace_bytes, "the workspace")) return fault;
    state.k = at<float>(state_memory.data(), 0);
    state.v = at<float>(state_memory.data(), 1024);
    return bind_weights(*this, weights_path, options);
}

void decoder_model::reset_state(const char* name) {
    if (name == nullptr || std::strcmp(name, "k") == 0)
        lum::zero(state.k, 1024);
    if (name == nullptr || std::strcmp(name, "v") == 0)
        lum::zero(state.v, 1024);
}

// One kernel, named as its file in kernels/; leaves the entry when it met an index outside of a tensor.
#define CALL(kernel, ...) \
    if (const int code = model.call(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// tokens: i32[s]
// logits: f32[32]
int run_forward(decoder_model& model, int64_t s, int64_t pos, const lum::i32* tokens, float* logits) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    float* const embedding_e = at<float>(arena, 0);  // f32[s, 16], 512 bytes
    float* const x = at<float>(arena, 512);  // f32[s, 16], 512 bytes
    float* const q = at<float>(arena, 1024);  // f32[s, 2, 8], 512 bytes
    float* const attention_score = at<float>(arena, 512);  // f32[2, s, pos + s], 512 bytes
    float* const attention_weight_of = at<float>(arena, 1024);  // f32[2, s, pos + s], 512 bytes
    float* const attention_o = at<float>(arena, 512);  // f32[s, 2, 8], 512 bytes

    CALL(embedding_e, tokens, weights.embed, embedding_e, &model.indices, s);
    for (int64_t l = 0; l < 2; ++l) {
        const Weights::PerL& per_l = weights.per_l[l];
        CALL(x, embedding_e, per_l.g, x, s);
        CALL(q, x, per_l.wq, q, model.workspace.data(), s);
        CALL(update_k, x, per_l.wk, model.state.k, model.workspace.data(), s, l, pos);
        CALL(update_k, x, per_l.wv, model.state.v, model.workspace.data(), s, l, pos);
        CALL(attention_score, q, model.state.k, attention_score, model.workspace.data(), s, pos, l);
        CALL(attention_weight_of, attention_score, attention_weight_of, s, pos);
        CALL(attention_o, attention_weight_of, model.state.v, attention_o, model.workspace.data(), s, pos, l);
        CALL(h, attention_o, per_l.wo, embedding_e, model.workspace.data(), s);
    }
    CALL(logits, embedding_e, weights.embed, logits, model.workspace.data(), s);
    return 0;
}

