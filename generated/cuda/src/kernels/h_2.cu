// h = h + attend prefix "self_attn" (x, k_cache[l], v_cache[l], pos)
// llama.lum:64, h. One matrix product; left factor read where it lies, right factor read where it lies. In tiles of
// 128 x 128 on tensor cores: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) h_2(const lum::bf16* o,   // [s, 32, 128]
                                           const lum::bf16* wo,  // [4096, 4096]
                                           const lum::bf16* h,   // [s, 4096]
                                           lum::bf16* h_2,       // [s, 4096]
                                           const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (lum::Tiles<128, 128, int> tile(1, s, 4096); tile.next();) {
        lum::gemm_tile<lum::MmaShape<128, 128, 32, 2, 4, 4>>(tile, s, 4096, 4096,
            lum::Strided<lum::bf16, int>{o, 4096, 1},
            lum::Strided<lum::bf16, int>{wo, 4096, 1},
            [=](int i, int j, float sum) {
                h_2[i * 4096 + j] = lum::from_float<lum::bf16>(lum::to_float(h[i * 4096 + j]) + sum);
            });
    }
}

}  // namespace kernels
