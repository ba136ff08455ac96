// v_cache[pos + t, h, d] := v[t, h, d]
// llama.lum:21. One matrix product; left factor read where it lies, right factor read where it lies. In tiles of
// 128 x 128 on tensor cores: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) update_v_cache(const lum::bf16* x,   // [s, 4096]
                                                      const lum::bf16* wv,  // [1024, 4096]
                                                      lum::bf16* v_cache,   // [32, 8192, 8, 128]
                                                      const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Tiles<128, 128> tile(1, s, 1024); tile.next();) {
        lum::gemm_tile<lum::MmaShape<128, 128, 32, 2, 4, 4>>(tile, s, 1024, 4096,
            lum::Strided<lum::bf16>{x, 4096, 1},
            lum::Strided<lum::bf16>{wv, 4096, 1},
            [=](i64 t, i64 n, float sum) {
                v_cache[t * 1024 + n + l * 8388608 + pos * 1024] = lum::from_float<lum::bf16>(sum);
            });
    }
}

}  // namespace kernels
