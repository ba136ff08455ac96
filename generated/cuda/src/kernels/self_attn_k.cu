// k[t, h in 0..kv_heads, d in 0..head_dim] = sum(i) x[t, i] * wk[h * head_dim + d, i]
// llama.lum:17, self_attn.k. One matrix product; left factor read where it lies, right factor read where it lies.
// In tiles of 128 x 128 on tensor cores: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_k(const lum::bf16* x,   // [s, 4096]
                                                   const lum::bf16* wk,  // [1024, 4096]
                                                   lum::bf16* k,         // [s, 8, 128]
                                                   const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (lum::Tiles<128, 128, int> tile(1, s, 1024); tile.next();) {
        lum::gemm_tile<lum::MmaShape<128, 128, 32, 2, 4, 4>>(tile, s, 1024, 4096,
            lum::Strided<lum::bf16, int>{x, 4096, 1},
            lum::Strided<lum::bf16, int>{wk, 4096, 1},
            [=](int t, int n, float sum) { k[t * 1024 + n] = lum::from_float<lum::bf16>(sum); });
    }
}

}  // namespace kernels
