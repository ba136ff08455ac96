// k_cache[pos + t, h, d] := rope(k, pos, theta)[t, h, d]
// llama.lum:20.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_k_cache(const lum::bf16* k,    // [s, 8, 128]
                                                      const float* low_cos,  // [s, 64]
                                                      const float* low_sin,  // [s, 64]
                                                      lum::bf16* k_cache,    // [32, 8192, 8, 128]
                                                      const Dims* dims, int l) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (int item = lum::global_thread(); item < s * 8; item += lum::global_threads()) {
        const int t = item / 8;
        const int h = item % 8;
        lum::bf16* k_cache_row = k_cache + t * 1024 + h * 128 + l * 8388608 + pos * 1024;
        const lum::bf16* k_row = k + t * 1024 + h * 128;
        for (int d = 0; d < 64; ++d) {
            k_cache_row[d] = lum::from_float<lum::bf16>(lum::to_float(k_row[d]) * low_cos[t * 64 + d] -
                lum::to_float(k_row[d + 64]) * low_sin[t * 64 + d]);
        }
        for (int d = 0; d < 64; ++d) {
            k_cache_row[d + 64] = lum::from_float<lum::bf16>(lum::to_float(k_row[d + 64]) *
                low_cos[t * 64 + d] + lum::to_float(k_row[d]) * low_sin[t * 64 + d]);
        }
    }
}

}  // namespace kernels
