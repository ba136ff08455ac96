// score[h, i, j] = where(
// nn.lum:140, attention.score. A batch of matrix products; left factor read where it lies, right factor read where
// it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void attention_score(const float* q,  // [s, 2, 8]
                     const float* k,  // [2, 8, 2, 8]
                     float* score,    // [2, s, pos + s]
                     void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l) {
    lum::gemm_batched(2, s, pos + s, 8,
        [=](i64 h) { return lum::Strided<float>{q + h * 8, 16, 1}; },
        [=](i64 h) { return lum::Strided<float>{k + h * 8 + l * 128, 16, 1}; },
        workspace,
        [=](i64 h, i64 i, i64 j, float sum) {
            score[h * s * (pos + s) + i * (pos + s) + j] = j <= i + pos ? 0.35355338f * sum : -INFINITY;
        });
}

}  // namespace kernels
