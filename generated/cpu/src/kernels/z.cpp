// z = Norm(hidden, T) prefix "transformer.ln_f" (last)
// gpt.lum:54, z.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void z(const float* h,     // [s, 160]
       const float* gain,  // [160]
       const float* bias,  // [160]
       float* z,           // [160]
       lum::i64 s) {
    float sum = 0.0f;
    #pragma omp simd reduction(+ : sum)
    for (i64 i = 0; i < 160; ++i) {
        sum += h[i + s * 160 - 160];
    }
    float sum_2 = 0.0f;
    const float mean = sum / 160.0f;
    #pragma omp simd reduction(+ : sum_2)
    for (i64 i = 0; i < 160; ++i) {
        const float centred = h[i + s * 160 - 160] - mean;
        sum_2 += centred * centred;
    }
    const float scale = 1.0f / lum::sqrt(sum_2 / 160.0f + 0.00001f);
    #pragma omp simd
    for (i64 i = 0; i < 160; ++i) {
        z[i] = (h[i + s * 160 - 160] - mean) * scale * gain[i] + bias[i];
    }
}

}  // namespace kernels
