// score, chosen = top_k(gate, 2)
// model.lum:6, chosen.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/top_k.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) chosen(const float* gate,  // [n, 5]
                                              lum::i32* chosen,   // [n, 2]
                                              const Dims* dims) {
    const i64 n = dims->n;
    for (i64 i = lum::block(); i < n; i += lum::grid()) {  // a block each
        lum::top_k(5, 2, chosen + i * 2, lum::shared<lum::Ranked<float>>(0), [=](i64 candidate) -> float {
            return gate[i * 5 + candidate];
        });
    }
}

}  // namespace kernels
