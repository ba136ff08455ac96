// k_cache[pos + t, h, d] := rope(k, pos, theta)[t, h, d]
// llama.lum:20.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_k_cache_s1(const lum::bf16* k,    // [1, 8, 128]
                                                         const float* low_cos,  // [1, 64]
                                                         const float* low_sin,  // [1, 64]
                                                         lum::bf16* k_cache,    // [32, 8192, 8, 128]
                                                         const Dims* dims, int l) {
    const int pos = static_cast<int>(dims->pos);
    for (int h = lum::global_thread(); h < 8; h += lum::global_threads()) {
        lum::bf16* k_cache_row = k_cache + h * 128 + l * 8388608 + pos * 1024;
        for (int d = 0; d < 64; ++d) {
            k_cache_row[d] = lum::from_float<lum::bf16>(lum::to_float(k[h * 128 + d]) * low_cos[d] -
                lum::to_float(k[h * 128 + d + 64]) * low_sin[d]);
        }
        for (int d = 0; d < 64; ++d) {
            k_cache_row[d + 64] = lum::from_float<lum::bf16>(lum::to_float(k[h * 128 + d + 64]) *
                low_cos[d] + lum::to_float(k[h * 128 + d]) * low_sin[d]);
        }
    }
}

}  // namespace kernels
