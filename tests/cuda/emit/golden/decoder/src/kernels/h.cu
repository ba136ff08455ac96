// h[t, o] = h[t, o] + sum(n, d) seen[t, n, d] * wo[o, n * (width / heads) + d]
// model.lum:18, h. One matrix product; left factor read where it lies, right factor read where it lies. With few
// rows, the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) h(const float* o,   // [s, 2, 8]
                                         const float* wo,  // [16, 16]
                                         float* e,         // [s, 16]
                                         const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    lum::skinny<8, 8, true, int>(s, 16, 16,
        lum::Strided<float, int>{o, 16, 1},
        lum::Strided<float, int>{wo, 16, 1},
        [=](int t, int o_2, float sum) { e[t * 16 + o_2] = e[t * 16 + o_2] + sum; });
}

}  // namespace kernels
