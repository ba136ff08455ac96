// What a Conv holds: pointers to its weights, its state, and one arena for everything that is computed on the way.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "conv.h"
#include "kernels/kernels.h"
#include "runtime/checkpoint.h"
#include "runtime/index_check.h"
#include "runtime/memory.h"

// In the mapped checkpoint, or in converted memory where dtype or layout differ from what the kernels read.
// 896 bytes in all.
struct Weights {
    const float* k;  // f32[8, 3, 3, 3]  "k"
    const float* b;  // f32[8]  "b"
};

// Bytes, at the largest values of the dims.
constexpr size_t kArenaBytes = 3200;  // 3.1 KiB
constexpr size_t kStateBytes = 0;
constexpr size_t kTapBytes = 0;

struct Timing {
    int64_t calls = 0;
    double seconds = 0;
};

struct conv_model {
    Weights weights{};
    lum::BoundWeights bound;  // owns what they point into
    lum::Block arena_memory, state_memory, tap_memory;
    lum::Block workspace;  // packing room of the contractions, for each thread
    int threads = 1;

    lum::IndexCheck indices;  // of the call that is running
    std::string fault;        // code and text of the last call that failed
    bool keeps_timings = false;
    std::array<Timing, kKernelCount> timings{};

    // Runs one kernel. Returns 0, or the fault's number when it met an index outside of a tensor.
    template <class... Parameters, class... Arguments>
    int call(Kernel kernel, void (*function)(Parameters...), Arguments&&... arguments) {
        if (!keeps_timings) {
            function(std::forward<Arguments>(arguments)...);
        } else {
            const auto start = std::chrono::steady_clock::now();
            function(std::forward<Arguments>(arguments)...);
            Timing& timing = timings[static_cast<size_t>(kernel)];
            timing.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            ++timing.calls;
        }
        return indices.failed() ? index_fault(kernel) : 0;
    }

    int index_fault(Kernel kernel);
    int fail(const lum::Fault& what);

    lum::Fault create(const char* weights_path, const conv_options& options);
    void reset_state(const char* name);
};

// The entries, with arguments that interface.cpp has checked.
int run_forward(conv_model& model, const float* x, float* pooled);
