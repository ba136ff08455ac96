// output total = sum(x)
// model.lum:20, total. In pieces of 8192, a block each.
#include "kernels.h"
#include "runtime/integers.cuh"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) total_parts(const float* x,  // [s, 3000]
                                                   float* pieces,   // [15]
                                                   const Dims* dims) {
    const i64 s = dims->s;
    for (i64 part = lum::block(); part < 15; part += lum::grid()) {  // a block each
        float total_ = 0.0f;
        for (i64 place = lum::thread() * 4; place <
            lum::min<i64>(s * 3000 - part * 8192, 8192); place += lum::threads() * 4) {
            const auto x_vector = lum::load_vector<float, 4>(x + part * 8192 + place);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                total_ += x_vector.element[v];
            }
        }
        total_ = lum::block_reduce<lum::Sum>(total_, lum::shared<float>(0));
        if (lum::thread() == 0) pieces[part] = total_;
    }
}

}  // namespace kernels
