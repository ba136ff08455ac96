// score[t, j] = sum(d) e[t, d] * cache[0..pos + s][j, d]
// model.lum:14, score. A batch of matrix products; left factor read where it lies, right factor read where it lies.
// With few rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for
// sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) score(const lum::f16* e,      // [s, 64]
                                             const lum::f16* cache,  // [100, 64]
                                             lum::f16* score,        // [s, pos + s]
                                             const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (lum::Shares<int> share(s); share.next();) {
        const int t = share.item;
        lum::skinny<1, 1, false>(share, 1, pos + s, 64,
            lum::Strided<lum::f16, int>{e + t * 64, 0, 1},
            lum::Strided<lum::f16, int>{cache, 64, 1},
            [=](int, int j, float sum) { score[t * (pos + s) + j] = lum::from_float<lum::f16>(sum); });
    }
}

}  // namespace kernels
