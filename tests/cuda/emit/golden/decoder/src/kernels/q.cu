// q[t, n in 0..heads, d in 0..width / heads] = sum(i) x[t, i] * wq[n * (width / heads) + d, i]
// model.lum:14, q. One matrix product; left factor read where it lies, right factor read where it lies. With few
// rows, the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) q(const float* x,   // [s, 16]
                                         const float* wq,  // [16, 16]
                                         float* q,         // [s, 2, 8]
                                         const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    lum::skinny<8, 8, true, int>(s, 16, 16,
        lum::Strided<float, int>{x, 16, 1},
        lum::Strided<float, int>{wq, 16, 1},
        [=](int t, int n, float sum) { q[t * 16 + n] = sum; });
}

}  // namespace kernels
