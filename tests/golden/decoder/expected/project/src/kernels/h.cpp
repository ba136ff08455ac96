// h[t, o] = h[t, o] + sum(n, d) seen[t, n, d] * wo[o, n * (width / heads) + d]
// model.lum:18, h. One matrix product; left factor read where it lies, right factor read where it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void h(const float* o,   // [s, 2, 8]
       const float* wo,  // [16, 16]
       float* e,         // [s, 16]
       void* workspace, lum::i64 s) {
    lum::gemm(s, 16, 16,
        lum::Strided<float>{o, 16, 1},
        lum::Strided<float>{wo, 16, 1},
        workspace,
        [=](i64 t, i64 o_2, float sum) { e[t * 16 + o_2] = e[t * 16 + o_2] + sum; });
}

}  // namespace kernels
