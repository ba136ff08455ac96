// output projected[t, o] = sum(d) e[t, d] * w[o, d]
// model.lum:16, projected. One matrix product; left factor read where it lies, right factor read where it lies. In
// tiles of 16 x 64 on tensor cores: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemm_mma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(128) projected(const lum::f16* e,    // [s, 64]
                                                 const lum::f16* w,    // [48, 64]
                                                 lum::f16* projected,  // [s, 48]
                                                 const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (lum::Tiles<16, 64, int> tile(1, s, 48); tile.next();) {
        lum::gemm_tile<lum::MmaShape<16, 64, 128, 1, 4, 4>>(tile, s, 48, 64,
            lum::Strided<lum::f16, int>{e, 64, 1},
            lum::Strided<lum::f16, int>{w, 64, 1},
            [=](int t, int o, float sum) { projected[t * 48 + o] = lum::from_float<lum::f16>(sum); });
    }
}

}  // namespace kernels
