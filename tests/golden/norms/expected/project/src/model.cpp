// Norms: memory, weights, and the forward pass.
#include "model.h"

#include <algorithm>
#include <cstring>

#include "runtime/parallel.h"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

}  // namespace

lum::Fault norms_model::create(const char*, const norms_options& options) {
    lum::set_threads(options.threads);
    threads = lum::threads();
    keeps_timings = options.timings != 0;
    if (lum::Fault fault = arena_memory.allocate(kArenaBytes, "the arena")) return fault;
    if (lum::Fault fault = state_memory.allocate(kStateBytes, "the state")) return fault;
    if (lum::Fault fault = tap_memory.allocate(kTapBytes, "the taps")) return fault;
    return {};
}

void norms_model::reset_state(const char*) {
}

// One kernel, named as its file in kernels/; leaves the entry when it met an index outside of a tensor.
#define CALL(kernel, ...) \
    if (const int code = model.call(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// x: f32[n, 24]
// w: f32[24]
// b: f32[24]
// y: f32[n, 24]
int run_forward(norms_model& model, int64_t n, const float* x, const float* w, const float* b, float* y) {

    CALL(y, x, w, b, y, n);
    return 0;
}

