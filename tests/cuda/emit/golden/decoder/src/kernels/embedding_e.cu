// e[t, i] = table[tokens[t], i]
// nn.lum:108, embedding.e.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) embedding_e(const lum::i32* tokens,  // [s]
                                                   const float* embed,      // [32, 16]
                                                   float* e,                // [s, 16]
                                                   const Dims* dims, lum::IndexCheck* check) {
    const i64 s = dims->s;
    for (i64 item = lum::global_thread(); item < s * 16; item += lum::global_threads()) {
        const i64 t = item / 16;
        const i64 i = item % 16;
        const i64 tokens_ = check->inside(static_cast<i64>(tokens[t]), 32, /*e[t, i] = table[tokens[t], i],
            axis 0*/ 0);
        e[t * 16 + i] = embed[tokens_ * 16 + i];
    }
}

}  // namespace kernels
