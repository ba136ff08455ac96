// x = rms_norm(h, g)
// model.lum:13, x.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/math.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void x(const float* e,  // [s, 16]
       const float* g,  // [16]
       float* x,        // [s, 16]
       lum::i64 s) {
    lum::parallel_for(s, lum::grain_for(208), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) {
            float sum = 0.0f;
            #pragma omp simd reduction(+ : sum)
            for (i64 j = 0; j < 16; ++j) {
                const float e_value = e[i * 16 + j];
                sum += e_value * e_value;
            }
            const float scale = 1.0f / lum::sqrt(sum / 16.0f + 0.000001f);
            #pragma omp simd
            for (i64 j = 0; j < 16; ++j) {
                x[i * 16 + j] = e[i * 16 + j] * scale * g[j];
            }
        }
    });
}

}  // namespace kernels
