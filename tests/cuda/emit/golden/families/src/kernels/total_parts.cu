// output total = sum(x)
// model.lum:23, total. In parts of 2048 elements, a block each.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) total_parts(const float* x,    // [s, 3000]
                                                   float* sum_parts,  // [59]
                                                   const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int part = lum::block(); part < 59; part += lum::grid()) {  // a block each
        float sum = 0.0f;
        for (int place = lum::thread() * 4; place <
            lum::min<int>(s * 3000 - part * 2048, 2048); place += lum::threads() * 4) {
            const auto x_vector = lum::load_vector<float, 4>(x + part * 2048 + place);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                sum += x_vector.element[v];
            }
        }
        sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
        if (lum::thread() == 0) sum_parts[part] = sum;
    }
}

}  // namespace kernels
