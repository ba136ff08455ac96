// e[t, d] = table[tokens[t], d]
// model.lum:12, e.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) e(const lum::i32* tokens,  // [s]
                                         const lum::f16* table,   // [50, 64]
                                         lum::f16* e,             // [s, 64]
                                         const Dims* dims, lum::IndexCheck* check) {
    const i64 s = dims->s;
    for (i64 item = lum::global_thread(); item < s * 64; item += lum::global_threads()) {
        const i64 t = item / 64;
        const i64 d = item % 64;
        const i64 tokens_ = check->inside(static_cast<i64>(tokens[t]), 50, /*e[t, d] = table[tokens[t], d],
            axis 0*/ 0);
        e[t * 64 + d] = table[tokens_ * 64 + d];
    }
}

}  // namespace kernels
