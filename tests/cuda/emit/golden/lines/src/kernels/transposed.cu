// output transposed[i, t] = x[t, i] * 2.0 + y[i, t]
// model.lum:9, transposed. Lines of x cross those that are written, so tiles of 32 by 32 go through shared memory.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) transposed(const float* x,      // [s, 300]
                                                  const lum::bf16* y,  // [300, s]
                                                  float* transposed,   // [300, s]
                                                  const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    float* const x_tile = lum::shared<float>(0);  // [32, 33]
    const int lane = lum::lane();
    for (int tile = lum::block(); tile < (s + 31) / 32 * 10; tile += lum::grid()) {
        const int i_start = tile / ((s + 31) / 32) * 32;
        const int t_start = tile % ((s + 31) / 32) * 32;
        // neighbouring lanes read neighbours along i
#pragma unroll
        for (int first = 0; first < 32; first += 8) {
            const int row = first + lum::warp();
            const int t = t_start + row;
            const int i = i_start + lane;
            if (t >= s || i >= 300) continue;
            x_tile[row * 33 + lane] = x[t * 300 + i];
        }
        lum::barrier();
        // and write neighbours along t
#pragma unroll
        for (int first = 0; first < 32; first += 8) {
            const int row = first + lum::warp();
            const int i = i_start + row;
            const int t = t_start + lane;
            if (i >= 300 || t >= s) continue;
            transposed[i * s + t] = x_tile[lane * 33 + row] * 2.0f + lum::to_float(y[i * s + t]);
        }
        lum::barrier();  // before the next tile takes the room
    }
}

}  // namespace kernels
