// h[t, d] = embed[tokens[t], d]
// llama.lum:58, h.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) h(const lum::i32* tokens,  // [s]
                                         const lum::bf16* embed,  // [128256, 4096]
                                         lum::bf16* h,            // [s, 4096]
                                         const Dims* dims, lum::IndexCheck* check) {
    const i64 s = dims->s;
    for (i64 item = lum::global_thread(); item < s * 4096; item += lum::global_threads()) {
        const i64 t = item / 4096;
        const i64 d = item % 4096;
        const i64 tokens_ = check->inside(static_cast<i64>(tokens[t]), 128256,
            /*h[t, d] = embed[tokens[t], d], axis 0*/ 0);
        h[t * 4096 + d] = embed[tokens_ * 4096 + d];
    }
}

}  // namespace kernels
