// h[t, d] = embed[tokens[t], d]
// llama.lum:58, h.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) h(const lum::i32* tokens,  // [s]
                                         const lum::bf16* embed,  // [128256, 4096]
                                         lum::bf16* h,            // [s, 4096]
                                         const Dims* dims, lum::IndexCheck* check) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 512; chunk += lum::global_threads()) {
        const int t = chunk / 512;
        const int d = chunk % 512 * 8;
        const int tokens_value = check->inside(static_cast<i64>(tokens[t]), 128256,
            /*h[t, d] = embed[tokens[t], d], axis 0*/ 0);
        const auto embed_vector = lum::load_vector<lum::bf16, 8>(embed + tokens_value * 4096 + d);
        lum::Vector<lum::bf16, 8> h_out;
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            h_out.element[v] = embed_vector.element[v];
        }
        lum::store_vector(h + t * 4096 + d, h_out);
    }
}

}  // namespace kernels
