// output logits[o] = sum(i) last[i] * embed[o, i]
// model.lum:21, logits. One matrix product; left factor read where it lies, right factor read where it lies. With
// few rows, the right factor streamed, a block for each column: the quickest way by the cost model for sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) logits(const float* e,      // [s, 16]
                                              const float* embed,  // [32, 16]
                                              float* logits,       // [32]
                                              const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    lum::skinny<1, 8, false, int>(1, 32, 16,
        lum::Strided<float, int>{e + s * 16 - 16, 0, 1},
        lum::Strided<float, int>{embed, 16, 1},
        [=](int, int o, float sum) { logits[o] = sum; });
}

}  // namespace kernels
