// y[b, i, p in 0..rows, q in 0..columns] = max(u in 0..size, v in 0..size) x[
// nn.lum:245, max_pool2d.y.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/integers.h"
#include "runtime/math.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void max_pool2d_y(const float* h,   // [1, 8, 11, 9]
                  float* pooled) {  // [1, 8, 6, 5]
    lum::parallel_for(8, lum::grain_for(270), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) {
            for (i64 p = 0; p < 6; ++p) {
                #pragma omp simd
                for (i64 q = 0; q < 5; ++q) {
                    float y = -INFINITY;
                    for (i64 k0 = 0; k0 < 3; ++k0) {
                        const float* h_row = h + i * 99 + p * 18 + k0 * 9 + q * 2;
                        for (i64 k1 = 0; k1 < 3; ++k1) {
                            const bool inside = p * 2 + k0 - 1 >= 0 && p * 2 + k0 - 1 < 11 &&
                                q * 2 + k1 - 1 >= 0 && q * 2 + k1 - 1 < 9;
                            y = lum::max(y, inside ? h_row[k1 - 10] : -INFINITY);
                        }
                    }
                    pooled[i * 30 + p * 5 + q] = y;
                }
            }
        }
    });
}

}  // namespace kernels
