// output total = sum(x)
// model.lum:20, total. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) total(const float* total_parts,  // [40]
                                             float* total) {            // []
    float total_ = 0.0f;
    for (int other = lum::lane() * 4; other < 40; other += lum::kWarp * 4) {
        const auto total_parts_vector = lum::load_vector<float, 4>(total_parts + other);
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            total_ += total_parts_vector.element[v];
        }
    }
    total_ = lum::warp_reduce<lum::Sum>(total_);
    if (lum::lane() == 0) total[0] = total_;
}

}  // namespace kernels
