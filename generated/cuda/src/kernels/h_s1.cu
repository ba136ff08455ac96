// h[t, d] = embed[tokens[t], d]
// llama.lum:58, h.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) h_s1(const lum::i32* tokens,  // [1]
                                            const lum::bf16* embed,  // [128256, 4096]
                                            lum::bf16* h,            // [1, 4096]
                                            lum::IndexCheck* check) {
    const int tokens_value = check->inside(static_cast<i64>(tokens[0]), 128256,
        /*h[t, d] = embed[tokens[t], d], axis 0*/ 1);
    for (int chunk = lum::global_thread(); chunk < 512; chunk += lum::global_threads()) {
        const int d = chunk * 8;
        const auto embed_vector = lum::load_vector<lum::bf16, 8>(embed + tokens_value * 4096 + d);
        lum::Vector<lum::bf16, 8> h_out;
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            h_out.element[v] = embed_vector.element[v];
        }
        lum::store_vector(h + d, h_out);
    }
}

}  // namespace kernels
