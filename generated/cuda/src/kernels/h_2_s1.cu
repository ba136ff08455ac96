// h = h + attend prefix "self_attn" (x, k_cache[l], v_cache[l], pos)
// llama.lum:64, h. One matrix product; left factor read where it lies, right factor read where it lies. With few
// rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) h_2_s1(const lum::bf16* o,   // [1, 32, 128]
                                              const lum::bf16* wo,  // [4096, 4096]
                                              const lum::bf16* h,   // [1, 4096]
                                              lum::bf16* h_2) {     // [1, 4096]
    lum::skinny<1, 1, false, int>(1, 4096, 4096,
        lum::Strided<lum::bf16, int>{o, 0, 1},
        lum::Strided<lum::bf16, int>{wo, 4096, 1},
        [=](int, int j, float sum) { h_2[j] = lum::from_float<lum::bf16>(lum::to_float(h[j]) + sum); });
}

}  // namespace kernels
