// output logits[o] = sum(d) z[d] * head[o, d]
// llama.lum:71, logits. One matrix product; left factor read where it lies, right factor read where it lies. With
// few rows, the right factor streamed, a block for 8 columns at a time: the quickest way by the cost model for
// sm_90a.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) logits(const lum::bf16* z,     // [4096]
                                              const lum::bf16* head,  // [128256, 4096]
                                              lum::bf16* logits) {    // [128256]
    lum::skinny<1, 1, false, int>(1, 128256, 4096,
        lum::Strided<lum::bf16, int>{z, 0, 1},
        lum::Strided<lum::bf16, int>{head, 4096, 1},
        [=](int, int o, float sum) { logits[o] = lum::from_float<lum::bf16>(sum); });
}

}  // namespace kernels
