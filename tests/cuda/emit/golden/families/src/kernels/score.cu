// score[t, j] = sum(d) e[t, d] * cache[0..pos + s][j, d]
// model.lum:14, score. One matrix product; left factor read where it lies, right factor read where it lies. In
// tiles of 16 x 64 on tensor cores: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) score(const lum::f16* e,      // [s, 64]
                                             const lum::f16* cache,  // [100, 64]
                                             lum::f16* score,        // [s, pos + s]
                                             const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (lum::Tiles<16, 64, int> tile(1, s, pos + s); tile.next();) {
        lum::gemm_tile<lum::MmaShape<16, 64, 128, 1, 4, 4>>(tile, s, pos + s, 64,
            lum::Strided<lum::f16, int>{e, 64, 1},
            lum::Strided<lum::f16, int>{cache, 64, 1},
            [=](int t, int j, float sum) { score[t * (pos + s) + j] = lum::from_float<lum::f16>(sum); });
    }
}

}  // namespace kernels
