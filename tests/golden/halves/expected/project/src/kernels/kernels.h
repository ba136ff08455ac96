// The kernels of Halves, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.h"

namespace kernels {

void y(const lum::bf16* x, const lum::bf16* w, lum::bf16* y, void* workspace, lum::i64 n);

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
