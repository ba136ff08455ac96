// h[t, d] = embed[tokens[t], d] + places[pos + t, d]
// gpt.lum:46, h.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/index_check.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void h(const lum::i32* tokens,  // [s]
       const float* embed,      // [1536, 160]
       const float* places,     // [256, 160]
       float* h,                // [s, 160]
       lum::IndexCheck* check, lum::i64 s, lum::i64 pos) {
    lum::parallel_for(s, lum::grain_for(320), [=](i64 begin, i64 end) {
        for (i64 t = begin; t < end; ++t) {
            const i64 tokens_value = check->inside(static_cast<i64>(tokens[t]), 1536,
                "embed[tokens[t], d], axis 0");
            const float* places_row = places + t * 160 + pos * 160;
            #pragma omp simd
            for (i64 d = 0; d < 160; ++d) {
                h[t * 160 + d] = embed[tokens_value * 160 + d] + places_row[d];
            }
        }
    });
}

}  // namespace kernels
