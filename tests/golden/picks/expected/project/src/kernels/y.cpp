// output y[t, f] = sum(e) score[t, e] * part[t, e, f]
// model.lum:8, y.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void y(const float* y_part,  // [n, 6, 2]
       float* y,             // [n, 6]
       lum::i64 n) {
    lum::parallel_for(n * 6, lum::grain_for(2), [=](i64 begin, i64 end) {
        #pragma omp simd
        for (i64 i = begin; i < end; ++i) {
            float sum = 0.0f;
            for (i64 k = 0; k < 2; ++k) {
                sum += y_part[i * 2 + k];
            }
            y[i] = sum;
        }
    });
}

}  // namespace kernels
