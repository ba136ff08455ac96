// score, chosen = top_k(gate, 2)
// model.lum:6, chosen.
#include "kernels.h"
#include "runtime/parallel.h"
#include "runtime/top_k.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void chosen(const float* gate,  // [n, 5]
            lum::i32* chosen,   // [n, 2]
            lum::i64 n) {
    lum::parallel_for(n, lum::grain_for(20), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; ++i) {
            lum::top_k(5, 2, chosen + i * 2, [=](i64 candidate) {
                return gate[i * 5 + candidate];
            });
        }
    });
}

}  // namespace kernels
