// o[i, h, c] = (sum(j) weight_of[h, i, j] * v[j, h / group, c]) as T
// nn.lum:146, attention.o. A batch of matrix products; left factor read where it lies, right factor read where it
// lies.
#include "kernels.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(128) attention_o(const float* weight_of,  // [2, s, pos + s]
                                                   const float* v,          // [2, 8, 2, 8]
                                                   float* o,                // [s, 2, 8]
                                                   const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Tiles<32, 32> tile(2, s, 8); tile.next();) {
        const i64 h = tile.batch;
        lum::gemm_tile<lum::FmaShape<32, 32, 16, 4, 2>>(tile, s, 8, pos + s,
            lum::Strided<float>{weight_of + h * s * (pos + s), pos + s, 1},
            lum::Strided<float>{v + h * 8 + l * 128, 1, 16},
            [=](i64 i, i64 c, float sum) { o[i * 16 + h * 8 + c] = sum; });
    }
}

}  // namespace kernels
