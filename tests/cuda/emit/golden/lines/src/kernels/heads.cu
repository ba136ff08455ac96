// output heads[h, t, i] = q[t, h, i]
// model.lum:10, heads.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) heads(const lum::bf16* q,  // [s, 8, 64]
                                             lum::bf16* heads,    // [8, s, 64]
                                             const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 64; chunk += lum::global_threads()) {
        const int h = chunk / (s * 8);
        const int t = chunk / 8 % s;
        const int i = chunk % 8 * 8;
        lum::bf16* heads_row = heads + h * (s * 64) + t * 64;
        const lum::bf16* q_row = q + t * 512 + h * 64;
        const auto q_row_vector = lum::load_vector<lum::bf16, 8>(q_row + i);
        lum::Vector<lum::bf16, 8> heads_row_out;
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            heads_row_out.element[v] = q_row_vector.element[v];
        }
        lum::store_vector(heads_row + i, heads_row_out);
    }
}

}  // namespace kernels
