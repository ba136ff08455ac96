// output logits[o] = sum(i) last[i] * embed[o, i]
// model.lum:21, logits. One matrix product; left factor read where it lies, right factor read where it lies. With
// few rows, the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) logits(const float* e,      // [s, 16]
                                              const float* embed,  // [32, 16]
                                              float* logits,       // [32]
                                              const Dims* dims) {
    const i64 s = dims->s;
    lum::skinny<1, 8, false>(1, 32, 16,
        lum::Strided<float>{e + s * 16 - 16, 0, 1},
        lum::Strided<float>{embed, 16, 1},
        [=](i64, i64 o, float sum) { logits[o] = sum; });
}

}  // namespace kernels
