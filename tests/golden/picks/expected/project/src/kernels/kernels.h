// The kernels of Picks, in order of their first call. Each is one file of this folder.
#pragma once

#include "runtime/index_check.h"
#include "runtime/types.h"

namespace kernels {

void chosen(const float* gate, lum::i32* chosen, lum::i64 n);
void y_part(const float* x, const lum::i32* chosen, const float* experts, const float* gate, float* y_part, lum::IndexCheck* check, void* workspace, lum::i64 n);
void y(const float* y_part, float* y, lum::i64 n);

}  // namespace kernels

// Their names as values, for timings and messages.
enum class Kernel : int {
    chosen,
    y_part,
    y,
};
constexpr int kKernelCount = 3;

inline const char* name_of(Kernel kernel) {
    switch (kernel) {
        case Kernel::chosen: return "chosen";
        case Kernel::y_part: return "y_part";
        case Kernel::y: return "y";
        default: return "";
    }
}
