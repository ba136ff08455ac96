// output y = softmax(normed)
// model.lum:8, y.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/integers.h"
#include "runtime/math.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void y(const float* x,  // [n, 24]
       const float* w,  // [24]
       const float* b,  // [24]
       float* y,        // [n, 24]
       lum::i64 n) {
    lum::parallel_for(n, lum::grain_for(768), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) {
            float sum = 0.0f;
            #pragma omp simd reduction(+ : sum)
            for (i64 j = 0; j < 24; ++j) {
                sum += x[i * 24 + j];
            }
            float sum_2 = 0.0f;
            const float mean = sum / 24.0f;
            #pragma omp simd reduction(+ : sum_2)
            for (i64 j = 0; j < 24; ++j) {
                const float centred = x[i * 24 + j] - mean;
                sum_2 += centred * centred;
            }
            float largest = -INFINITY;
            const float scale = 1.0f / lum::sqrt(sum_2 / 24.0f + 0.00001f);
            #pragma omp simd reduction(lum::greatest : largest)
            for (i64 j = 0; j < 24; ++j) {
                largest = lum::max(largest, (x[i * 24 + j] - mean) * scale * w[j] + b[j]);
            }
            float sum_3 = 0.0f;
            #pragma omp simd reduction(+ : sum_3)
            for (i64 j = 0; j < 24; ++j) {
                const float e = lum::exp((x[i * 24 + j] - mean) * scale * w[j] + b[j] - largest);
                y[i * 24 + j] = e;
                sum_3 += e;
            }
            #pragma omp simd
            for (i64 j = 0; j < 24; ++j) {
                y[i * 24 + j] = y[i * 24 + j] / sum_3;
            }
        }
    });
}

}  // namespace kernels
