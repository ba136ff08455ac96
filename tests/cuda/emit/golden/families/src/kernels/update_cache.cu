// cache[pos + t, d] := e[t, d]
// model.lum:13.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

using lum::i64;

__global__ void __launch_bounds__(256) update_cache(const lum::f16* e,  // [s, 64]
                                                    lum::f16* cache,    // [100, 64]
                                                    const Dims* dims) {
    const i64 s = dims->s;
    const i64 pos = dims->pos;
    for (i64 i = lum::global_thread(); i < s * 64; i += lum::global_threads()) {
        cache[i + pos * 64] = e[i];
    }
}

}  // namespace kernels
