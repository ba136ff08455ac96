// a = Norm(hidden, T) prefix "ln_1" (h)
// gpt.lum:48, a.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/math.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void a(const float* h,     // [s, 160]
       const float* gain,  // [160]
       const float* bias,  // [160]
       float* a,           // [s, 160]
       lum::i64 s) {
    lum::parallel_for(s, lum::grain_for(3040), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) {
            float sum = 0.0f;
            #pragma omp simd reduction(+ : sum)
            for (i64 j = 0; j < 160; ++j) {
                sum += h[i * 160 + j];
            }
            float sum_2 = 0.0f;
            const float mean = sum / 160.0f;
            #pragma omp simd reduction(+ : sum_2)
            for (i64 j = 0; j < 160; ++j) {
                const float centred = h[i * 160 + j] - mean;
                sum_2 += centred * centred;
            }
            const float scale = 1.0f / lum::sqrt(sum_2 / 160.0f + 0.00001f);
            #pragma omp simd
            for (i64 j = 0; j < 160; ++j) {
                a[i * 160 + j] = (h[i * 160 + j] - mean) * scale * gain[j] + bias[j];
            }
        }
    });
}

}  // namespace kernels
