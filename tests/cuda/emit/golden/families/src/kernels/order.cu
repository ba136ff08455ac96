// output order = sort(x[0, 0..40])
// model.lum:19, order.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) order(const lum::i32* order_topk,  // [40]
                                             const float* x,              // [s, 3000]
                                             float* order,                // [40]
                                             lum::IndexCheck* check) {
    for (i64 i = lum::global_thread(); i < 40; i += lum::global_threads()) {
        const i64 row = check->inside(static_cast<i64>(order_topk[i]), 40,
            /*output order = sort(x[0, 0..40]), axis 0*/ 1);
        order[i] = x[row];
    }
}

}  // namespace kernels
