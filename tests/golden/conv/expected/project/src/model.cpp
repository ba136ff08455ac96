// Conv: memory, weights, and the forward pass.
#include "model.h"

#include <algorithm>
#include <cstring>

#include "runtime/gemm.h"
#include "runtime/parallel.h"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::BoundWeights& bound, Weights& weights) {
    bound.as_stored(&weights.k, "k", {8, 3, 3, 3});
    bound.as_stored(&weights.b, "b", {8});
}

lum::Fault bind_weights(conv_model& model, const char* path, const conv_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.bound, model.weights);
    const std::string cache = options.cache_path != nullptr ? options.cache_path : std::string(path) + ".conv.packed";
    return model.bound.bind(path, cache, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

}  // namespace

lum::Fault conv_model::create(const char* weights_path, const conv_options& options) {
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

void conv_model::reset_state(const char*) {
}

// One kernel, named as its file in kernels/; leaves the entry when it met an index outside of a tensor.
#define CALL(kernel, ...) \
    if (const int code = model.call(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// x: f32[1, 3, 11, 9]
// pooled: f32[1, 8, 6, 5]
int run_forward(conv_model& model, const float* x, float* pooled) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    float* const h = at<float>(arena, 0);  // f32[1, 8, 11, 9], 3.1 KiB

    CALL(h, weights.k, x, weights.b, h, model.workspace.data());
    CALL(max_pool2d_y, h, pooled);
    return 0;
}

