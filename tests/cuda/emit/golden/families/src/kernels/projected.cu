// output projected[t, o] = sum(d) e[t, d] * w[o, d]
// model.lum:16, projected. A batch of matrix products; left factor read where it lies, right factor read where it
// lies. With few rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost
// model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) projected(const lum::f16* e,    // [s, 64]
                                                 const lum::f16* w,    // [48, 64]
                                                 lum::f16* projected,  // [s, 48]
                                                 const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (lum::Shares<int> share(s); share.next();) {
        const int t = share.item;
        lum::skinny<1, 1, false>(share, 1, 48, 64,
            lum::Strided<lum::f16, int>{e + t * 64, 0, 1},
            lum::Strided<lum::f16, int>{w, 64, 1},
            [=](int, int o, float sum) { projected[t * 48 + o] = lum::from_float<lum::f16>(sum); });
    }
}

}  // namespace kernels
