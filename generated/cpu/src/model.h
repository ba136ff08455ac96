// What a Gpt holds: pointers to its weights, its state, and one arena for everything that is computed on the way.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "gpt.h"
#include "kernels/kernels.h"
#include "runtime/checkpoint.h"
#include "runtime/index_check.h"
#include "runtime/memory.h"

// In the mapped checkpoint, or in converted memory where dtype or layout differ from what the kernels read.
// 7.0 MiB in all.
struct Weights {
    const float* embed;  // f32[1536, 160]  "transformer.wte.weight"
    const float* places;  // f32[256, 160]  "transformer.wpe.weight"
    const float* transformer_ln_f_gain;  // f32[160]  "transformer.ln_f.weight"
    const float* transformer_ln_f_bias;  // f32[160]  "transformer.ln_f.bias"
    struct PerL {  // one for each l in 0..5
        const float* ln_1_gain;  // f32[160]  "transformer.h.{l}.ln_1.weight"
        const float* ln_1_bias;  // f32[160]  "transformer.h.{l}.ln_1.bias"
        const float* attn_w_qkv;  // f32[160, 480], packed in panels  "transformer.h.{l}.attn.c_attn.weight"
        const float* attn_b_qkv;  // f32[480]  "transformer.h.{l}.attn.c_attn.bias"
        const float* attn_w_out;  // f32[160, 160], packed in panels  "transformer.h.{l}.attn.c_proj.weight"
        const float* attn_b_out;  // f32[160]  "transformer.h.{l}.attn.c_proj.bias"
        const float* ln_2_gain;  // f32[160]  "transformer.h.{l}.ln_2.weight"
        const float* ln_2_bias;  // f32[160]  "transformer.h.{l}.ln_2.bias"
        const float* mlp_w_up;  // f32[160, 640], packed in panels  "transformer.h.{l}.mlp.c_fc.weight"
        const float* mlp_b_up;  // f32[640]  "transformer.h.{l}.mlp.c_fc.bias"
        const float* mlp_w_down;  // f32[640, 160], packed in panels  "transformer.h.{l}.mlp.c_proj.weight"
        const float* mlp_b_down;  // f32[160]  "transformer.h.{l}.mlp.c_proj.bias"
    } per_l[5];
};

// Survives from call to call. 1.6 MiB in all.
struct State {
    float* k_cache;  // f32[5, 256, 5, 32]
    float* v_cache;  // f32[5, 256, 5, 32]
};

// Bytes, at the largest values of the dims.
constexpr size_t kArenaBytes = 2785280;  // 2.7 MiB
constexpr size_t kStateBytes = 1638400;
constexpr size_t kTapBytes = 0;

struct Timing {
    int64_t calls = 0;
    double seconds = 0;
};

struct gpt_model {
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

    lum::Fault create(const char* weights_path, const gpt_options& options);
    void reset_state(const char* name);
};

// The entries, with arguments that interface.cpp has checked.
int run_forward(gpt_model& model, int64_t s, int64_t pos, const lum::i32* tokens, float* logits);
