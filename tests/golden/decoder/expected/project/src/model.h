// What a Decoder holds: pointers to its weights, its state, and one arena for everything that is computed on the way.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "decoder.h"
#include "kernels/kernels.h"
#include "runtime/checkpoint.h"
#include "runtime/index_check.h"
#include "runtime/memory.h"

// In the mapped checkpoint, or in converted memory where dtype or layout differ from what the kernels read.
// 10 KiB in all.
struct Weights {
    const float* embed;  // f32[32, 16]  "embed"
    struct PerL {  // one for each l in 0..2
        const float* g;  // f32[16]  "layers.{l}.g"
        const float* wq;  // f32[16, 16]  "layers.{l}.wq"
        const float* wk;  // f32[16, 16]  "layers.{l}.wk"
        const float* wv;  // f32[16, 16]  "layers.{l}.wv"
        const float* wo;  // f32[16, 16]  "layers.{l}.wo"
    } per_l[2];
};

// Survives from call to call. 2.0 KiB in all.
struct State {
    float* k;  // f32[2, 8, 2, 8]
    float* v;  // f32[2, 8, 2, 8]
};

// Bytes, at the largest values of the dims.
constexpr size_t kArenaBytes = 1536;  // 1.5 KiB
constexpr size_t kStateBytes = 2048;
constexpr size_t kTapBytes = 0;

struct Timing {
    int64_t calls = 0;
    double seconds = 0;
};

struct decoder_model {
    Weights weights{};
    lum::BoundWeights bound;  // owns what they point into
    State state{};
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

    lum::Fault create(const char* weights_path, const decoder_options& options);
    void reset_state(const char* name);
};

// The entries, with arguments that interface.cpp has checked.
int run_forward(decoder_model& model, int64_t s, int64_t pos, const lum::i32* tokens, float* logits);
