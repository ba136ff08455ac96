// output y = h * 0.5
// model.lum:7, y. One matrix product; left factor read where it lies, right factor read where it lies. In tiles of
// 16 x 64 on tensor cores: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) y(const lum::bf16* x,  // [n, 24]
                                         const lum::bf16* w,  // [16, 24]
                                         lum::bf16* y,        // [n, 16]
                                         const Dims* dims) {
    const int n = static_cast<int>(dims->n);
    for (lum::Tiles<16, 64, int> tile(1, n, 16); tile.next();) {
        lum::gemm_tile<lum::MmaShape<16, 64, 128, 1, 4, 4>>(tile, n, 16, 24,
            lum::Strided<lum::bf16, int>{x, 24, 1},
            lum::Strided<lum::bf16, int>{w, 24, 1},
            [=](int i, int j, float sum) { y[i * 16 + j] =
                lum::from_float<lum::bf16>(lum::tanh(sum) * 0.5f); });
    }
}

}  // namespace kernels
