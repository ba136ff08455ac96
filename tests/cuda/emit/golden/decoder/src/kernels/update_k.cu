// k[l, pos + t, n in 0..heads, d in 0..width / heads] := sum(i) x[t, i] * wk[n * (width / heads) + d, i]
// model.lum:15. One matrix product; left factor read where it lies, right factor read where it lies. With few rows,
// the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_k(const float* x,   // [s, 16]
                                                const float* wk,  // [16, 16]
                                                float* k,         // [2, 8, 2, 8]
                                                const Dims* dims, int l) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    lum::skinny<8, 8, true, int>(s, 16, 16,
        lum::Strided<float, int>{x, 16, 1},
        lum::Strided<float, int>{wk, 16, 1},
        [=](int i, int n, float sum) { k[i * 16 + n + l * 128 + pos * 16] = sum; });
}

}  // namespace kernels
