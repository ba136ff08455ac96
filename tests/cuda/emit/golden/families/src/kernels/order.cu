// output order = sort(x[0, 0..40])
// model.lum:19, order.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) order(const lum::i32* order_topk,  // [40]
                                             const float* x,              // [s, 3000]
                                             float* order,                // [40]
                                             lum::IndexCheck* check) {
    for (int chunk = lum::global_thread(); chunk < 10; chunk += lum::global_threads()) {
        const int i = chunk * 4;
        const auto order_topk_vector = lum::load_vector<lum::i32, 4>(order_topk + i);
        lum::Vector<float, 4> order_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            const int row = check->inside(static_cast<i64>(order_topk_vector.element[v]), 40,
                /*output order = sort(x[0, 0..40]), axis 0*/ 1);
            order_out.element[v] = x[row];
        }
        lum::store_vector(order + i, order_out);
    }
}

}  // namespace kernels
