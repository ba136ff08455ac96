// k[t, h in 0..kv_heads, d in 0..head_dim] = sum(i) x[t, i] * wk[h * head_dim + d, i]
// llama.lum:17, self_attn.k. One matrix product; left factor read where it lies, right factor read where it lies.
// With few rows, the right factor streamed, a block for 2 columns at a time: the quickest way by the cost model for
// sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_k_s1(const lum::bf16* x,   // [1, 4096]
                                                      const lum::bf16* wk,  // [1024, 4096]
                                                      lum::bf16* k) {       // [1, 8, 128]
    lum::skinny<1, 4, false, int>(1, 1024, 4096,
        lum::Strided<lum::bf16, int>{x, 0, 1},
        lum::Strided<lum::bf16, int>{wk, 4096, 1},
        [=](int, int n, float sum) { k[n] = lum::from_float<lum::bf16>(sum); });
}

}  // namespace kernels
