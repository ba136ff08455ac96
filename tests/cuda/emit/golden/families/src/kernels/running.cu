// output running = cumsum(x, axis = 1)
// model.lum:18, running.
#include "kernels.h"
#include "runtime/cumulate.cuh"
#include "runtime/loops.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) running(const float* x,  // [s, 3000]
                                               float* running,  // [s, 3000]
                                               const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int i = lum::block(); i < s; i += lum::grid()) {  // a block each
        lum::cumulate<lum::Sum, int>(3000, 0.0f, lum::shared<float>(0),
            [=](int j) -> float {
                return x[i * 3000 + j];
            },
            [=](int j, float sum) {
                running[i * 3000 + j] = sum;
            });
    }
}

}  // namespace kernels
