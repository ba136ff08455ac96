// output total = sum(x)
// model.lum:23, total. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) total(const float* sum_parts,  // [59]
                                             float* total) {          // []
    float sum = 0.0f;
    for (int other = lum::lane(); other < 59; other += lum::kWarp) {
        sum += sum_parts[other];
    }
    sum = lum::warp_reduce<lum::Sum>(sum);
    if (lum::lane() == 0) total[0] = sum;
}

}  // namespace kernels
