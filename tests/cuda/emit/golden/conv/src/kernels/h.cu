// h[n, f, y in 0..11, z in 0..9] = max(sum(c, r in 0..3, s in 0..3) x[n, c, y + r - 1, z + s - 1 else 0] * k[f, c,
// r, s] + b[f], 0)
// model.lum:7, h. One matrix product; left factor read where it lies, right factor patches of the image read as a
// matrix, none stored. With few rows, the right factor streamed, a block for each column: the quickest way by the
// cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/integers.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) h(const float* k,  // [8, 3, 3, 3]
                                         const float* x,  // [1, 3, 11, 9]
                                         const float* b,  // [8]
                                         float* h) {      // [1, 8, 11, 9]
    lum::skinny<8, 8, true, int>(8, 99, 27,
        lum::Strided<float, int>{k, 27, 1},
        // image, its height and width; kernel's height and width; strides, dilations, padding; output's width; channel
        lum::Patches<float, int>{x, 11, 9, 3, 3, 1, 1, 1, 1, 1, 1, 9, 99},
        [=](int f, int n, float sum) { h[f * 99 + n] = lum::max(sum + b[f], 0.0f); });
}

}  // namespace kernels
