// The kernels of Mlp, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.h"

namespace kernels {

void h(const float* x, const float* w1, const float* b1, float* h, void* workspace, lum::i64 batch);
void logits(const float* h, const float* w2, const float* b2, float* logits, void* workspace, lum::i64 batch);

}  // namespace kernels

// Their names as values, for timings and messages.
enum class Kernel : int {
    h,
    logits,
};
constexpr int kKernelCount = 2;

inline const char* name_of(Kernel kernel) {
    switch (kernel) {
        case Kernel::h: return "h";
        case Kernel::logits: return "logits";
        default: return "";
    }
}
