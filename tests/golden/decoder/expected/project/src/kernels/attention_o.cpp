// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, attention.o. A batch of matrix products; left factor read where it lies, right factor read where it
// lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void attention_o(const float* weight_of,  // [2, s, pos + s]
                 const float* v,          // [2, 8, 2, 8]
                 float* o,                // [s, 2, 8]
                 void* workspace, lum::i64 s, lum::i64 pos, lum::i64 l) {
    lum::gemm_batched(2, s, 8, pos + s,
        [=](i64 h) { return lum::Strided<float>{weight_of + h * s * (pos + s), pos + s, 1}; },
        [=](i64 h) { return lum::Strided<float>{v + h * 8 + l * 128, 1, 16}; },
        workspace,
        [=](i64 h, i64 i, i64 c, float sum) { o[i * 16 + h * 8 + c] = sum; });
}

}  // namespace kernels
