// h = h + Mlp(hidden, T) prefix "mlp" (m)
// gpt.lum:51, h. One matrix product; left factor read where it lies, right factor packed ahead of time.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void h_3(const float* u,       // [s, 640]
         const float* w_down,  // [640, 160] in panels
         const float* h,       // [s, 160]
         const float* b_down,  // [160]
         float* h_2,           // [s, 160]
         void* workspace, lum::i64 s) {
    lum::gemm(s, 160, 640,
        lum::Strided<float>{u, 640, 1},
        lum::PackedB<float>{w_down, 640},
        workspace,
        [=](i64 i, i64 j, float sum) { h_2[i * 160 + j] = h[i * 160 + j] + (sum + b_down[j]); });
}

}  // namespace kernels
