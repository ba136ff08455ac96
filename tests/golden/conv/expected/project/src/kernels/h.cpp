// h[n, f, y in 0..11, z in 0..9] = max(sum(c, r in 0..3, s in 0..3) x[n, c, y + r - 1, z + s - 1 else 0] * k[f, c,
// r, s] + b[f], 0)
// model.lum:7, h. One matrix product; left factor read where it lies, right factor patches of the image read as a
// matrix, none stored.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/gemm_convolution.h"
#include "runtime/integers.h"
#include "runtime/math.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void h(const float* k,  // [8, 3, 3, 3]
       const float* x,  // [1, 3, 11, 9]
       const float* b,  // [8]
       float* h,        // [1, 8, 11, 9]
       void* workspace) {
    lum::gemm(8, 99, 27,
        lum::Strided<float>{k, 27, 1},
        // image, its height and width; kernel's height and width; strides, dilations, padding; output's width; channel
        lum::Patches<float>{x, 11, 9, 3, 3, 1, 1, 1, 1, 1, 1, 9, 99},
        workspace,
        [=](i64 f, i64 n, float sum) { h[f * 99 + n] = lum::max(sum + b[f], 0.0f); });
}

}  // namespace kernels
