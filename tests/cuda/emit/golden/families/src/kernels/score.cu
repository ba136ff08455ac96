// score[t, j] = sum(d) e[t, d] * cache[0..pos + s][j, d]
// model.lum:14, score. A batch of matrix products; left factor read where it lies, right factor read where it lies.
// In tiles of 16 x 64 on tensor cores: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(128) score(const lum::f16* e,      // [s, 64]
                                             const lum::f16* cache,  // [100, 64]
                                             lum::f16* score,        // [s, pos + s]
                                             const Dims* dims) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Tiles<16, 64> tile(s, 1, pos + s); tile.next();) {
        const i64 t = tile.batch;
        lum::gemm_tile<lum::MmaShape<16, 64, 128, 1, 4, 4>>(tile, 1, pos + s, 64,
            lum::Strided<lum::f16>{e + t * 64, 0, 1},
            lum::Strided<lum::f16>{cache, 64, 1},
            [=](i64, i64 j, float sum) { score[t * (pos + s) + j] = lum::from_float<lum::f16>(sum); });
    }
}

}  // namespace kernels
