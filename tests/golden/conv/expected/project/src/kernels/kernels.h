// The kernels of Conv, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/types.h"

namespace kernels {

void h(const float* k, const float* x, const float* b, float* h, void* workspace);
void max_pool2d_y(const float* h, float* pooled);

}  // namespace kernels

// Their names as values, for timings and messages.
enum class Kernel : int {
    h,
    max_pool2d_y,
};
constexpr int kKernelCount = 2;

inline const char* name_of(Kernel kernel) {
    switch (kernel) {
        case Kernel::h: return "h";
        case Kernel::max_pool2d_y: return "max_pool2d_y";
        default: return "";
    }
}
