// h[n, o] = gelu(sum(i) x[n, i] * w1[o, i] + b1[o])
// model.lum:9, h. One matrix product; left factor read where it lies, right factor packed ahead of time.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void h(const float* x,   // [batch, 20]
       const float* w1,  // [32, 20] in panels
       const float* b1,  // [32]
       float* h,         // [batch, 32]
       void* workspace, lum::i64 batch) {
    lum::gemm(batch, 32, 20,
        lum::Strided<float>{x, 20, 1},
        lum::PackedB<float>{w1, 20},
        workspace,
        [=](i64 n, i64 o, float sum) {
            const float total = sum + b1[o];
            h[n * 32 + o] = 0.5f * total * (1.0f + lum::erf(total * 0.70710677f));
        });
}

}  // namespace kernels
