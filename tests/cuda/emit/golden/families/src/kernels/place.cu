// output place[t] = argmax(j) x[t, j]
// model.lum:17, place.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/picks.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) place(const float* x,   // [s, 3000]
                                             lum::i32* place,  // [s]
                                             const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int i = lum::block(); i < s; i += lum::grid()) {  // a block each
        float best = -INFINITY;
        lum::i32 position = 0;
        for (int k = lum::thread() * 4; k < 3000; k += lum::threads() * 4) {
            const auto x_vector = lum::load_vector<float, 4>(x + i * 3000 + k);
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float x_value = x_vector.element[v];
                if (lum::ranks_above(x_value, best)) {
                    best = x_value;
                    position = k + v;
                }
            }
        }
        lum::block_pick<lum::RanksAbove>(best, position, lum::shared<char>(0));
        if (lum::thread() == 0) place[i] = position;
    }
}

}  // namespace kernels
