// e[t, i] = table[tokens[t], i]
// nn.lum:108, embedding.e.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) embedding_e(const lum::i32* tokens,  // [s]
                                                   const float* embed,      // [32, 16]
                                                   float* e,                // [s, 16]
                                                   const Dims* dims, lum::IndexCheck* check) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 4; chunk += lum::global_threads()) {
        const int t = chunk / 4;
        const int i = chunk % 4 * 4;
        const int tokens_value = check->inside(static_cast<i64>(tokens[t]), 32,
            /*e[t, i] = table[tokens[t], i], axis 0*/ 0);
        const auto embed_vector = lum::load_vector<float, 4>(embed + tokens_value * 16 + i);
        lum::Vector<float, 4> e_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            e_out.element[v] = embed_vector.element[v];
        }
        lum::store_vector(e + t * 16 + i, e_out);
    }
}

}  // namespace kernels
