// output logits[n, o] = sum(i) h[n, i] * w2[o, i] + b2[o]
// model.lum:10, logits. One matrix product; left factor read where it lies, right factor packed ahead of time.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void logits(const float* h,   // [batch, 32]
            const float* w2,  // [10, 32] in panels
            const float* b2,  // [10]
            float* logits,    // [batch, 10]
            void* workspace, lum::i64 batch) {
    lum::gemm(batch, 10, 32,
        lum::Strided<float>{h, 32, 1},
        lum::PackedB<float>{w2, 32},
        workspace,
        [=](i64 n, i64 o, float sum) { logits[n * 10 + o] = sum + b2[o]; });
}

}  // namespace kernels
