// score, chosen = top_k(gate, 2)
// model.lum:6, chosen.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/top_k.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) chosen(const float* gate,  // [n, 5]
                                              lum::i32* chosen,   // [n, 2]
                                              const Dims* dims) {
    const int n = static_cast<int>(dims->n);
    for (int i = lum::block(); i < n; i += lum::grid()) {  // a block each
        lum::top_k<int>(5, 2, chosen + i * 2, lum::shared<lum::TopKRoom<float>>(0),
            [=](int candidate) -> float {
                return gate[i * 5 + candidate];
            });
    }
}

}  // namespace kernels
