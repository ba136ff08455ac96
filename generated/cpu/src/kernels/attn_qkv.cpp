// qkv[t, o] = sum(i) x[t, i] * w_qkv[i, o] + b_qkv[o]
// gpt.lum:12, attn.qkv. One matrix product; left factor read where it lies, right factor packed ahead of time.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void attn_qkv(const float* a,      // [s, 160]
              const float* w_qkv,  // [160, 480] in panels
              const float* b_qkv,  // [480]
              float* qkv,          // [s, 480]
              void* workspace, lum::i64 s) {
    lum::gemm(s, 480, 160,
        lum::Strided<float>{a, 160, 1},
        lum::PackedB<float>{w_qkv, 160},
        workspace,
        [=](i64 t, i64 o, float sum) { qkv[t * 480 + o] = sum + b_qkv[o]; });
}

}  // namespace kernels
