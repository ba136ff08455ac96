// output y[t, f] = sum(e) score[t, e] * part[t, e, f]
// model.lum:8. A batch of matrix products; left factor read where it lies, right factor read where it lies. With
// few rows, the right factor streamed, a block for 2 columns at a time: the quickest way by the cost model for
// sm_80.
#include "kernels.h"
#include "runtime/gemv.cuh"
#include "runtime/index_check.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) y_part(const float* x,          // [n, 8]
                                              const lum::i32* chosen,  // [n, 2]
                                              const float* experts,    // [5, 6, 8]
                                              const float* gate,       // [n, 5]
                                              float* y_part,           // [n, 6, 2]
                                              const Dims* dims, lum::IndexCheck* check) {
    const int n = static_cast<int>(dims->n);
    for (lum::Shares<int> share(n * 2); share.next();) {
        const int item = share.item;
        const int i = item / 2;
        const int k = item % 2;
        const int chosen_value = check->inside(static_cast<i64>(chosen[i * 2 + k]),
            5, /*experts[chosen[t, e], f, d], axis 0*/ 0);
        lum::skinny<1, 4, false>(share, 1, 6, 8,
            lum::Strided<float, int>{x + i * 8, 0, 1},
            lum::Strided<float, int>{experts + chosen_value * 48, 8, 1},
            [=](int, int j, float sum) {
                const int i = item / 2;
                const int k = item % 2;
                const i64 chosen_2 = static_cast<i64>(chosen[i * 2 + k]);
                const int chosen_value_2 = check->inside(chosen_2,
                    5, /*score, chosen = top_k(gate, 2), axis 1*/ 1);
                y_part[i * 12 + j * 2 + k] = gate[i * 5 + chosen_value_2] * sum;
            });
    }
}

}  // namespace kernels
