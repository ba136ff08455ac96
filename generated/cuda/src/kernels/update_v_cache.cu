// v_cache[pos + t, h, d] := v[t, h, d]
// llama.lum:21. One matrix product; left factor read where it lies, right factor read where it lies. In tiles of
// 128 x 128 on tensor cores: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_v_cache(const lum::bf16* x,   // [s, 4096]
                                                      const lum::bf16* wv,  // [1024, 4096]
                                                      lum::bf16* v_cache,   // [32, 8192, 8, 128]
                                                      const Dims* dims, int l) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (lum::Tiles<128, 128, int> tile(1, s, 1024); tile.next();) {
        lum::gemm_tile<lum::MmaShape<128, 128, 32, 2, 4, 4>>(tile, s, 1024, 4096,
            lum::Strided<lum::bf16, int>{x, 4096, 1},
            lum::Strided<lum::bf16, int>{wv, 4096, 1},
            [=](int t, int n, float sum) {
                v_cache[t * 1024 + n + l * 8388608 + pos * 1024] = lum::from_float<lum::bf16>(sum);
            });
    }
}

}  // namespace kernels
