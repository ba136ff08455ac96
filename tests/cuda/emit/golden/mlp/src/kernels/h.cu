// h[n, o] = gelu(sum(i) x[n, i] * w1[o, i] + b1[o])
// model.lum:9, h. One matrix product; left factor read where it lies, right factor read where it lies. In tiles of
// 32 x 32: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) h(const float* x,   // [batch, 20]
                                         const float* w1,  // [32, 20]
                                         const float* b1,  // [32]
                                         float* h,         // [batch, 32]
                                         const Dims* dims) {
    const int batch = static_cast<int>(dims->batch);
    for (lum::Tiles<32, 32, int> tile(1, batch, 32); tile.next();) {
        lum::gemm_tile<lum::FmaShape<32, 32, 16, 4, 2>>(tile, batch, 32, 20,
            lum::Strided<float, int>{x, 20, 1},
            lum::Strided<float, int>{w1, 20, 1},
            [=](int n, int o, float sum) {
                const float total = sum + b1[o];
                h[n * 32 + o] = 0.5f * total * (1.0f + lum::erf(total * 0.70710677f));
            });
    }
}

}  // namespace kernels
