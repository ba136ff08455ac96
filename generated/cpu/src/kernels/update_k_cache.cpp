// k_cache[pos + t, h, d] := qkv[t, hidden + h * head_dim + d]
// gpt.lum:14.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void update_k_cache(const float* qkv,  // [s, 480]
                    float* k_cache,    // [5, 256, 5, 32]
                    lum::i64 s, lum::i64 l, lum::i64 pos) {
    lum::parallel_for(s, lum::grain_for(160), [=](i64 begin, i64 end) {
        for (i64 t = begin; t < end; ++t) {
            float* k_cache_row = k_cache + t * 160 + l * 40960 + pos * 160;
            #pragma omp simd
            for (i64 d = 0; d < 160; ++d) {
                k_cache_row[d] = qkv[t * 480 + d + 160];
            }
        }
    });
}

}  // namespace kernels
