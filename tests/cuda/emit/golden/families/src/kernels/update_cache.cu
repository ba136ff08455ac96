// cache[pos + t, d] := e[t, d]
// model.lum:13.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) update_cache(const lum::f16* e,  // [s, 64]
                                                    lum::f16* cache,    // [100, 64]
                                                    const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    const int pos = static_cast<int>(dims->pos);
    for (int chunk = lum::global_thread(); chunk < s * 8; chunk += lum::global_threads()) {
        const int i = chunk * 8;
        const auto e_vector = lum::load_vector<lum::f16, 8>(e + i);
        lum::Vector<lum::f16, 8> cache_out;
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            cache_out.element[v] = e_vector.element[v];
        }
        lum::store_vector(cache + i + pos * 64, cache_out);
    }
}

}  // namespace kernels
