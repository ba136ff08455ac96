// v_cache[pos + t, h, d] := v[t, h, d]
// llama.lum:21. One matrix product; left factor read where it lies, right factor read where it lies. With few rows,
// the right factor streamed, a block for 2 columns at a time: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_v_cache_s1(const lum::bf16* x,   // [1, 4096]
                                                         const lum::bf16* wv,  // [1024, 4096]
                                                         lum::bf16* v_cache,   // [32, 8192, 8, 128]
                                                         const Dims* dims, int l) {
    const int pos = static_cast<int>(dims->pos);
    lum::skinny<1, 4, false, int>(1, 1024, 4096,
        lum::Strided<lum::bf16, int>{x, 0, 1},
        lum::Strided<lum::bf16, int>{wv, 4096, 1},
        [=](int, int n, float sum) { v_cache[n + l * 8388608 + pos * 1024] =
            lum::from_float<lum::bf16>(sum); });
}

}  // namespace kernels
