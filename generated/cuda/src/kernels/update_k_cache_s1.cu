// k_cache[pos + t, h, d] := rope(k, pos, theta)[t, h, d]
// llama.lum:20.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_k_cache_s1(const lum::bf16* k,    // [1, 8, 128]
                                                         const float* low_cos,  // [1, 64]
                                                         const float* low_sin,  // [1, 64]
                                                         lum::bf16* k_cache,    // [32, 8192, 8, 128]
                                                         const Dims* dims, int l) {
    const int pos = static_cast<int>(dims->pos);
    for (int chunk = lum::global_thread(); chunk < 128; chunk += lum::global_threads()) {
        const int h = chunk / 16;
        const int d = chunk % 16 * 4;
        lum::bf16* k_cache_row = k_cache + h * 128 + l * 8388608 + pos * 1024;
        const auto k_vector = lum::load_vector<lum::bf16, 4>(k + h * 128 + d);
        const auto low_cos_vector = lum::load_vector<float, 4>(low_cos + d);
        const auto k_vector_64 = lum::load_vector<lum::bf16, 4>(k + h * 128 + d + 64);
        const auto low_sin_vector = lum::load_vector<float, 4>(low_sin + d);
        lum::Vector<lum::bf16, 4> k_cache_row_out;
        lum::Vector<lum::bf16, 4> k_cache_row_out_64;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            k_cache_row_out.element[v] = lum::from_float<lum::bf16>(lum::to_float(k_vector.element[v]) *
                low_cos_vector.element[v] - lum::to_float(k_vector_64.element[v]) *
                low_sin_vector.element[v]);
            k_cache_row_out_64.element[v] =
                lum::from_float<lum::bf16>(lum::to_float(k_vector_64.element[v]) *
                low_cos_vector.element[v] + lum::to_float(k_vector.element[v]) * low_sin_vector.element[v]);
        }
        lum::store_vector(k_cache_row + d, k_cache_row_out);
        lum::store_vector(k_cache_row + d + 64, k_cache_row_out_64);
    }
}

}  // namespace kernels
