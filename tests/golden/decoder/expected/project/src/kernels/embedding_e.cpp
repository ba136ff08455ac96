// e[t, i] = table[tokens[t], i]
// nn.lum:108, embedding.e.
#include "kernels.h"
#include "runtime/simd.h"
#include "runtime/index_check.h"
#include "runtime/parallel.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void embedding_e(const lum::i32* tokens,  // [s]
                 const float* embed,      // [32, 16]
                 float* e,                // [s, 16]
                 lum::IndexCheck* check, lum::i64 s) {
    for (i64 t = 0; t < s; ++t) {
        const i64 tokens_value = check->inside(static_cast<i64>(tokens[t]), 32,
            "e[t, i] = table[tokens[t], i], axis 0");
        lum::parallel_for(16, lum::grain_for(1), [=](i64 begin, i64 end) {
            #pragma omp simd
            for (i64 i = begin; i < end; ++i) {
                e[t * 16 + i] = embed[tokens_value * 16 + i];
            }
        });
    }
}

}  // namespace kernels
