// score[t, j] = sum(d) e[t, d] * cache[0..pos + s][j, d]
// model.lum:14, score. A batch of matrix products; left factor read where it lies, right factor read where it lies.
// With few rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for
// sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) score(const lum::f16* e,      // [s, 64]
                                             const lum::f16* cache,  // [100, 64]
                                             lum::f16* score,        // [s, pos + s]
                                             const Dims* dims) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Shares share(s); share.next();) {
        const i64 t = share.item;
        lum::skinny<1, 1, false>(share, 1, pos + s, 64,
            lum::Strided<lum::f16>{e + t * 64, 0, 1},
            lum::Strided<lum::f16>{cache, 64, 1},
            [=](i64, i64 j, float sum) { score[t * (pos + s) + j] = lum::from_float<lum::f16>(sum); });
    }
}

}  // namespace kernels
