// h[n, f, y in 0..11, z in 0..9] = max(sum(c, r in 0..3, s in 0..3) x[n, c, y + r - 1, z + s - 1 else 0] * k[f, c,
// r, s] + b[f], 0)
// model.lum:7, h. One matrix product; left factor read where it lies, right factor computed as it is read. With few
// rows, the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/integers.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) h(const float* k,  // [8, 3, 3, 3]
                                         const float* x,  // [1, 3, 11, 9]
                                         const float* b,  // [8]
                                         float* h) {      // [1, 8, 11, 9]
    lum::skinny<8, 8, true>(8, 99, 27,
        lum::Strided<float>{k, 27, 1},
        lum::computed<float>([=](i64 n, i64 k_) {
            return n / 9 + k_ / 3 % 3 - 1 >= 0 && n / 9 + k_ / 3 % 3 - 1 < 11 && n % 9 + k_ % 3 - 1 >= 0 &&
                n % 9 + k_ % 3 - 1 < 9 ? x[n + k_ / 9 * 99 + k_ / 3 % 3 * 9 + k_ % 3 - 10] : 0.0f;
        }),
        [=](i64 f, i64 n, float sum) { h[f * 99 + n] = lum::max(sum + b[f], 0.0f); });
}

}  // namespace kernels
