// fn silu(x) = x * sigmoid(x)
// nn.lum:9. One matrix product; left factor read where it lies, right factor read where it lies. With few rows, the
// right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/math.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) mlp_g_part_s1(const lum::bf16* y,       // [1, 4096]
                                                     const lum::bf16* w_gate,  // [14336, 4096]
                                                     float* g_part) {          // [1, 14336]
    lum::skinny<1, 1, false, int>(1, 14336, 4096,
        lum::Strided<lum::bf16, int>{y, 0, 1},
        lum::Strided<lum::bf16, int>{w_gate, 4096, 1},
        [=](int, int j, float sum) { g_part[j] = sum * lum::sigmoid(sum); });
}

}  // namespace kernels
