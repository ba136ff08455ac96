// output y = h * 0.5
// model.lum:7, y. One matrix product; left factor read where it lies, right factor read where it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void y(const lum::bf16* x,  // [n, 24]
       const lum::bf16* w,  // [16, 24]
       lum::bf16* y,        // [n, 16]
       void* workspace, lum::i64 n) {
    lum::gemm(n, 16, 24,
        lum::Strided<lum::bf16>{x, 24, 1},
        lum::Strided<lum::bf16>{w, 24, 1},
        workspace,
        [=](i64 i, i64 j, float sum) { y[i * 16 + j] = lum::from_float<lum::bf16>(lum::tanh(sum) * 0.5f); });
}

}  // namespace kernels
