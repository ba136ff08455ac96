// output sums[i] = max(t, u in 0..40) (x[t, i] + y[u, t])
// model.lum:13, sums. Puts the parts together in their order.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) sums(const float* largest_parts,  // [rows, 92 parts]
                                            float* sums) {               // [300]
    for (int i = lum::global_warp(); i < 300; i += lum::global_warps()) {  // a warp each
        float largest = -INFINITY;
        for (int other = lum::lane() * 4; other < 92; other += lum::kWarp * 4) {
            const auto largest_parts_vector = lum::load_vector<float, 4>(largest_parts + i * 92 + other);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                largest = lum::max(largest, largest_parts_vector.element[v]);
            }
        }
        largest = lum::warp_reduce<lum::Max>(largest);
        if (lum::lane() == 0) sums[i] = largest;
    }
}

}  // namespace kernels
