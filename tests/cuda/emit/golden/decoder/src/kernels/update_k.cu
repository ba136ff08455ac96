// k[l, pos + t, n in 0..heads, d in 0..width / heads] := sum(i) x[t, i] * wk[n * (width / heads) + d, i]
// model.lum:15. One matrix product; left factor read where it lies, right factor read where it lies. With few rows,
// the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) update_k(const float* x,   // [s, 16]
                                                const float* wk,  // [16, 16]
                                                float* k,         // [2, 8, 2, 8]
                                                const Dims* dims, lum::i64 l) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    lum::skinny<8, 8, true>(s, 16, 16,
        lum::Strided<float>{x, 16, 1},
        lum::Strided<float>{wk, 16, 1},
        [=](i64 i, i64 n, float sum) { k[i * 16 + n + l * 128 + pos * 16] = sum; });
}

}  // namespace kernels
