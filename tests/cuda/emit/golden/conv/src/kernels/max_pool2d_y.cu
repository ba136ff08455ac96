// y[b, i, p in 0..rows, q in 0..columns] = max(u in 0..size, v in 0..size) x[
// nn.lum:245, max_pool2d.y.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) max_pool2d_y(const float* h,   // [1, 8, 11, 9]
                                                    float* pooled) {  // [1, 8, 6, 5]
    for (int item = lum::global_thread(); item < 240; item += lum::global_threads()) {
        const int i = item / 30;
        const int p = item / 5 % 6;
        const int q = item % 5;
        float y = -INFINITY;
        for (int k0 = 0; k0 < 3; ++k0) {
            const float* h_row = h + i * 99 + p * 18 + k0 * 9 + q * 2;
            for (int k1 = 0; k1 < 3; ++k1) {
                const bool inside = p * 2 + k0 - 1 >= 0 && p * 2 + k0 - 1 < 11 && q * 2 + k1 - 1 >= 0 &&
                    q * 2 + k1 - 1 < 9;
                y = lum::max(y, inside ? h_row[k1 - 10] : -INFINITY);
            }
        }
        pooled[i * 30 + p * 5 + q] = y;
    }
}

}  // namespace kernels
