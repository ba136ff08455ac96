// output total = sum(x)
// model.lum:20, total.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) total(const float* x,  // [s, 3000]
                                             float* total,    // []
                                             const Dims* dims) {
    const i64 s = dims->s;
    float total_ = 0.0f;
    for (i64 k1 = lum::thread() * 4; k1 < s * 3000; k1 += lum::threads() * 4) {
        const auto x_vector = lum::load_vector<float, 4>(x + k1);
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            total_ += x_vector.element[v];
        }
    }
    total_ = lum::block_reduce<lum::Sum>(total_, lum::shared<float>(0));
    if (lum::thread() == 0) total[0] = total_;
}

}  // namespace kernels
