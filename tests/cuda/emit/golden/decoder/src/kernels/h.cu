// h[t, o] = h[t, o] + sum(n, d) seen[t, n, d] * wo[o, n * (width / heads) + d]
// model.lum:18, h. One matrix product; left factor read where it lies, right factor read where it lies.
#include "kernels.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(128) h(const float* o,   // [s, 2, 8]
                                         const float* wo,  // [16, 16]
                                         float* e,         // [s, 16]
                                         const Dims* dims) {
    const i64 s = dims->s;
    for (lum::Tiles<32, 32> tile(1, s, 16); tile.next();) {
        lum::gemm_tile<lum::FmaShape<32, 32, 16, 4, 2>>(tile, s, 16, 16,
            lum::Strided<float>{o, 16, 1},
            lum::Strided<float>{wo, 16, 1},
            [=](i64 t, i64 o_, float sum) { e[t * 16 + o_] = e[t * 16 + o_] + sum; });
    }
}

}  // namespace kernels
