// q[t, h in 0..heads, d in 0..head_dim] = sum(i) x[t, i] * wq[h * head_dim + d, i]
// llama.lum:16, self_attn.q. One matrix product; left factor read where it lies, right factor read where it lies.
// With few rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for
// sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) self_attn_q_s1(const lum::bf16* x,   // [1, 4096]
                                                      const lum::bf16* wq,  // [4096, 4096]
                                                      lum::bf16* q) {       // [1, 32, 128]
    lum::skinny<1, 1, false, int>(1, 4096, 4096,
        lum::Strided<lum::bf16, int>{x, 0, 1},
        lum::Strided<lum::bf16, int>{wq, 4096, 1},
        [=](int, int n, float sum) { q[n] = lum::from_float<lum::bf16>(sum); });
}

}  // namespace kernels
