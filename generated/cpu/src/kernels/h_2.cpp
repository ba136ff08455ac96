// h = h + Attention(hidden, heads, T) prefix "attn" (a, k_cache[l], v_cache[l], pos)
// gpt.lum:49, h. One matrix product; left factor read where it lies, right factor packed ahead of time.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void h_2(const float* o,      // [s, 5, 32]
         const float* w_out,  // [160, 160] in panels
         const float* h,      // [s, 160]
         const float* b_out,  // [160]
         float* h_2,          // [s, 160]
         void* workspace, lum::i64 s) {
    lum::gemm(s, 160, 160,
        lum::Strided<float>{o, 160, 1},
        lum::PackedB<float>{w_out, 160},
        workspace,
        [=](i64 i, i64 j, float sum) { h_2[i * 160 + j] = h[i * 160 + j] + (sum + b_out[j]); });
}

}  // namespace kernels
