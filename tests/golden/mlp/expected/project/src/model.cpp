// Mlp: memory, weights, and the forward pass.
#include "model.h"

#include <algorithm>
#include <cstring>

#include "runtime/gemm.h"
#include "runtime/parallel.h"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::BoundWeights& bound, Weights& weights) {
    bound.in_panels(&weights.w1, "w1", {32, 20}, /*columns*/ 32, /*depth*/ 20, /*depth is contiguous*/ true);
    bound.as_stored(&weights.b1, "b1", {32});
    bound.in_panels(&weights.w2, "w2", {10, 32}, /*columns*/ 10, /*depth*/ 32, /*depth is contiguous*/ true);
    bound.as_stored(&weights.b2, "b2", {10});
}

lum::Fault bind_weights(mlp_model& model, const char* path, const mlp_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.bound, model.weights);
    const std::string cache = options.cache_path != nullptr ? options.cache_path : std::string(path) + ".mlp.packed";
    return model.bound.bind(path, cache, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

}  // namespace

lum::Fault mlp_model::create(const char* weights_path, const mlp_options& options) {
    lum::set_threads(options.threads);
    threads = lum::threads();
    keeps_timings = options.timings != 0;
    if (lum::Fault fault = arena_memory.allocate(kArenaBytes, "the arena")) return fault;
    if (lum::Fault fault = state_memory.allocate(kStateBytes, "the state")) return fault;
    if (lum::Fault fault = tap_memory.allocate(kTapBytes, "the taps")) return fault;
    const size_t workspace_bytes = static_cast<size_t>(lum::gemm_workspace_bytes(threads));
    if (lum::Fault fault = workspace.allocate(workspace_bytes, "the workspace")) return fault;
    return bind_weights(*this, weights_path, options);
}

void mlp_model::reset_state(const char*) {
}

// One kernel, named as its file in kernels/; leaves the entry when it met an index outside of a tensor.
#define CALL(kernel, ...) \
    if (const int code = model.call(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// x: f32[batch, 20]
// logits: f32[batch, 10]
int run_forward(mlp_model& model, int64_t batch, const float* x, float* logits) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    float* const h = at<float>(arena, 0);  // f32[batch, 32], 8.0 KiB

    CALL(h, x, weights.w1, weights.b1, h, model.workspace.data(), batch);
    CALL(logits, h, weights.w2, weights.b2, logits, model.workspace.data(), batch);
    return 0;
}

