// output y[t, f] = sum(e) score[t, e] * part[t, e, f]
// model.lum:8. A batch of matrix products; left factor read where it lies, right factor read where it lies.
#include "kernels.h"
#include "runtime/gemm.h"
#include "runtime/index_check.h"
#include "runtime/types.h"

namespace kernels {

using lum::i64;

void y_part(const float* x,          // [n, 8]
            const lum::i32* chosen,  // [n, 2]
            const float* experts,    // [5, 6, 8]
            const float* gate,       // [n, 5]
            float* y_part,           // [n, 6, 2]
            lum::IndexCheck* check, void* workspace, lum::i64 n) {
    lum::gemm_batched(n * 2, 1, 6, 8,
        [=](i64 item) {
            const i64 i = item / 2;
            return lum::Strided<float>{x + i * 8, 0, 1};
        },
        [=](i64 item) {
            const i64 i = item / 2;
            const i64 k = item % 2;
            const i64 chosen_value = check->inside(static_cast<i64>(chosen[i * 2 + k]),
                5, "experts[chosen[t, e], f, d], axis 0");
            return lum::Strided<float>{experts + chosen_value * 48, 8, 1};
        },
        workspace,
        [=](i64 item, i64, i64 j, float sum) {
            const i64 i = item / 2;
            const i64 k = item % 2;
            const i64 chosen_2 = static_cast<i64>(chosen[i * 2 + k]);
            const i64 chosen_value_2 = check->inside(chosen_2, 5, "score, chosen = top_k(gate, 2), axis 1");
            y_part[i * 12 + j * 2 + k] = gate[i * 5 + chosen_value_2] * sum;
        });
}

}  // namespace kernels
