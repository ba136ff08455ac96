// fn silu(x) = x * sigmoid(x)
// nn.lum:9. One matrix product; left factor read where it lies, right factor read where it lies. In tiles of 128 x
// 128 on tensor cores: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) mlp_g_part(const lum::bf16* y,       // [s, 4096]
                                                  const lum::bf16* w_gate,  // [14336, 4096]
                                                  float* g_part,            // [s, 14336]
                                                  const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (lum::Tiles<128, 128, int> tile(1, s, 14336); tile.next();) {
        lum::gemm_tile<lum::MmaShape<128, 128, 32, 2, 4, 4>>(tile, s, 14336, 4096,
            lum::Strided<lum::bf16, int>{y, 4096, 1},
            lum::Strided<lum::bf16, int>{w_gate, 4096, 1},
            [=](int i, int j, float sum) { g_part[i * 14336 + j] = sum * lum::sigmoid(sum); });
    }
}

}  // namespace kernels
