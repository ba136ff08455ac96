// output turned = rope(q, 0)
// model.lum:8, turned.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) turned(const lum::bf16* q,    // [s, 8, 64]
                                              const float* low_cos,  // [s, 32]
                                              const float* low_sin,  // [s, 32]
                                              lum::bf16* turned,     // [s, 8, 64]
                                              const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 64; chunk += lum::global_threads()) {
        const int i = chunk / 64;
        const int j = chunk / 8 % 8;
        const int k = chunk % 8 * 4;
        lum::bf16* turned_row = turned + i * 512 + j * 64;
        const lum::bf16* q_row = q + i * 512 + j * 64;
        const auto q_row_vector = lum::load_vector<lum::bf16, 4>(q_row + k);
        const auto low_cos_vector = lum::load_vector<float, 4>(low_cos + i * 32 + k);
        const auto q_row_vector_32 = lum::load_vector<lum::bf16, 4>(q_row + k + 32);
        const auto low_sin_vector = lum::load_vector<float, 4>(low_sin + i * 32 + k);
        lum::Vector<lum::bf16, 4> turned_row_out;
        lum::Vector<lum::bf16, 4> turned_row_out_32;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            turned_row_out.element[v] = lum::from_float<lum::bf16>(lum::to_float(q_row_vector.element[v]) *
                low_cos_vector.element[v] - lum::to_float(q_row_vector_32.element[v]) *
                low_sin_vector.element[v]);
            turned_row_out_32.element[v] =
                lum::from_float<lum::bf16>(lum::to_float(q_row_vector_32.element[v]) *
                low_cos_vector.element[v] + lum::to_float(q_row_vector.element[v]) *
                low_sin_vector.element[v]);
        }
        lum::store_vector(turned_row + k, turned_row_out);
        lum::store_vector(turned_row + k + 32, turned_row_out_32);
    }
}

}  // namespace kernels
