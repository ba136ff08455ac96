// output logits[o] = sum(i) last[i] * embed[o, i]
// model.lum:21, logits. One matrix product; left factor read where it lies, right factor read where it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void logits(const float* e,      // [s, 16]
            const float* embed,  // [32, 16]
            float* logits,       // [32]
            void* workspace, lum::i64 s) {
    lum::gemm(1, 32, 16,
        lum::Strided<float>{e + s * 16 - 16, 0, 1},
        lum::Strided<float>{embed, 16, 1},
        workspace,
        [=](i64, i64 o, float sum) { logits[o] = sum; });
}

}  // namespace kernels
