// output logits[n, o] = sum(i) h[n, i] * w2[o, i] + b2[o]
// model.lum:10, logits. One matrix product; left factor read where it lies, right factor read where it lies. In
// tiles of 32 x 32: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) logits(const float* h,   // [batch, 32]
                                              const float* w2,  // [10, 32]
                                              const float* b2,  // [10]
                                              float* logits,    // [batch, 10]
                                              const Dims* dims) {
    const int batch = static_cast<int>(dims->batch);
    for (lum::Tiles<32, 32, int> tile(1, batch, 10); tile.next();) {
        lum::gemm_tile<lum::FmaShape<32, 32, 16, 4, 2>>(tile, batch, 10, 32,
            lum::Strided<float, int>{h, 32, 1},
            lum::Strided<float, int>{w2, 32, 1},
            [=](int n, int o, float sum) { logits[n * 10 + o] = sum + b2[o]; });
    }
}

}  // namespace kernels
