// e[t, d] = table[tokens[t], d]
// model.lum:12, e.
#include "kernels.h"
#include "runtime/index_check.cuh"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) e(const lum::i32* tokens,  // [s]
                                         const lum::f16* table,   // [50, 64]
                                         lum::f16* e,             // [s, 64]
                                         const Dims* dims, lum::IndexCheck* check) {
    const int s = static_cast<int>(dims->s);
    for (int chunk = lum::global_thread(); chunk < s * 8; chunk += lum::global_threads()) {
        const int t = chunk / 8;
        const int d = chunk % 8 * 8;
        const int tokens_value = check->inside(static_cast<i64>(tokens[t]), 50,
            /*e[t, d] = table[tokens[t], d], axis 0*/ 0);
        const auto table_vector = lum::load_vector<lum::f16, 8>(table + tokens_value * 64 + d);
        lum::Vector<lum::f16, 8> e_out;
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            e_out.element[v] = table_vector.element[v];
        }
        lum::store_vector(e + t * 64 + d, e_out);
    }
}

}  // namespace kernels
