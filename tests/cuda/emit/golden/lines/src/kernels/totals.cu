// output totals[i] = sum(t) x[t, i]
// model.lum:14, totals. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) totals(const float* sum_parts,  // [rows, 8 parts]
                                              float* totals) {         // [300]
    for (int i = lum::global_thread(); i < 300; i += lum::global_threads()) {
        float sum = 0.0f;
        for (int other = 0; other < 8; ++other) {
            sum += sum_parts[i * 8 + other];
        }
        totals[i] = sum;
    }
}

}  // namespace kernels
