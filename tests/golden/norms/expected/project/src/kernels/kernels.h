// The kernels of Norms, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.h"

namespace kernels {

void y(const float* x, const float* w, const float* b, float* y, lum::i64 n);

}  // namespace kernels

// Their names as values, for timings and messages.
enum class Kernel : int {
    y,
};
constexpr int kKernelCount = 1;

inline const char* name_of(Kernel kernel) {
    switch (kernel) {
        case Kernel::y: return "y";
        default: return "";
    }
}
