// score[h, i, j] = where(
// nn.lum:140, attn.attention.score. A batch of matrix products; left factor read where it lies, right factor read
// where it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void attn_attention_score(const float* qkv,      // [s, 480]
                          const float* k_cache,  // [5, 256, 5, 32]
                          float* score,          // [5, s, pos + s]
                          void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l) {
    lum::gemm_batched(5, s, pos + s, 32,
        [=](i64 h) { return lum::Strided<float>{qkv + h * 32, 480, 1}; },
        [=](i64 h) { return lum::Strided<float>{k_cache + h * 32 + l * 40960, 160, 1}; },
        workspace,
        [=](i64 h, i64 i, i64 j, float sum) {
            score[h * s * (pos + s) + i * (pos + s) + j] = j <= i + pos ? 0.17677669f * sum : -INFINITY;
        });
}

}  // namespace kernels
