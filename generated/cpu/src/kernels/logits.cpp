// output logits[o] = sum(d) z[d] * embed[o, d]
// gpt.lum:55, logits. One matrix product; left factor read where it lies, right factor read where it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void logits(const float* z,      // [160]
            const float* embed,  // [1536, 160]
            float* logits,       // [1536]
            void* workspace) {
    lum::gemm(1, 1536, 160,
        lum::Strided<float>{z, 0, 1},
        lum::Strided<float>{embed, 160, 1},
        workspace,
        [=](i64, i64 o, float sum) { logits[o] = sum; });
}

}  // namespace kernels
