// output total = sum(x)
// model.lum:23, total. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) total(const float* total_parts,  // [59]
                                             float* total) {            // []
    float total_ = 0.0f;
    for (int other = lum::lane(); other < 59; other += lum::kWarp) {
        total_ += total_parts[other];
    }
    total_ = lum::warp_reduce<lum::Sum>(total_);
    if (lum::lane() == 0) total[0] = total_;
}

}  // namespace kernels
