// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, attn.attention.o. A batch of matrix products; left factor read where it lies, right factor read where
// it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void attn_attention_o(const float* weight_of,  // [5, s, pos + s]
                      const float* v_cache,    // [5, 256, 5, 32]
                      float* o,                // [s, 5, 32]
                      void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l) {
    lum::gemm_batched(5, s, 32, pos + s,
        [=](i64 h) { return lum::Strided<float>{weight_of + h * s * (pos + s), pos + s, 1}; },
        [=](i64 h) { return lum::Strided<float>{v_cache + h * 32 + l * 40960, 1, 160}; },
        workspace,
        [=](i64 h, i64 i, i64 c, float sum) { o[i * 160 + h * 32 + c] = sum; });
}

}  // namespace kernels
