// g[t, f] = silu(sum(i) x[t, i] * w_gate[f, i]) * sum(i) x[t, i] * w_up[f, i]
// llama.lum:32, mlp.g. One matrix product; left factor read where it lies, right factor read where it lies. With
// few rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for
// sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) mlp_g_s1(const lum::bf16* y,     // [1, 4096]
                                                const lum::bf16* w_up,  // [14336, 4096]
                                                const float* g_part,    // [1, 14336]
                                                lum::bf16* g) {         // [1, 14336]
    lum::skinny<1, 1, false, int>(1, 14336, 4096,
        lum::Strided<lum::bf16, int>{y, 0, 1},
        lum::Strided<lum::bf16, int>{w_up, 4096, 1},
        [=](int, int f, float sum) { g[f] = lum::from_float<lum::bf16>(g_part[f] * sum); });
}

}  // namespace kernels
