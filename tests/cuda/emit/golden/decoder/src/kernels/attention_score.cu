// score[h, i, j] = where(
// nn.lum:140, attention.score. A batch of matrix products; left factor read where it lies, right factor read where
// it lies.
#include "kernels.h"
#include "runtime/gemm_fma.cuh"
#include "runtime/math.cuh"
#include "runtime/tiles.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(128) attention_score(const float* q,  // [s, 2, 8]
                                                       const float* k,  // [2, 8, 2, 8]
                                                       float* score,    // [2, s, pos + s]
                                                       const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (lum::Tiles<32, 32> tile(2, s, pos + s); tile.next();) {
        const i64 h = tile.batch;
        lum::gemm_tile<lum::FmaShape<32, 32, 16, 4, 2>>(tile, s, pos + s, 8,
            lum::Strided<float>{q + h * 8, 16, 1},
            lum::Strided<float>{k + h * 8 + l * 128, 16, 1},
            [=](i64 i, i64 j, float sum) {
                score[h * s * (pos + s) + i * (pos + s) + j] = j <= i + pos ? 0.35355338f * sum : -INFINITY;
            });
    }
}

}  // namespace kernels
