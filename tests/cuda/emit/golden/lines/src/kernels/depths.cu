// output depths[h, i, t] = q[t, h, i]
// model.lum:11, depths. Lines of q cross those that are written, so tiles of 32 by 32 go through shared memory.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/types.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) depths(const lum::bf16* q,  // [s, 8, 64]
                                              lum::bf16* depths,   // [8, 64, s]
                                              const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    lum::bf16* const q_tile = lum::shared<lum::bf16>(0);  // [32, 33]
    const int lane = lum::lane();
    for (int tile = lum::block(); tile < (s + 31) / 32 * 16; tile += lum::grid()) {
        const int i_start = tile / ((s + 31) / 32) * 32;
        const int t_start = tile % ((s + 31) / 32) * 32;
        // neighbouring lanes read neighbours along i
#pragma unroll
        for (int first = 0; first < 32; first += 8) {
            const int row = first + lum::warp();
            const int t = t_start + row;
            const int i = i_start + lane;
            if (t >= s) continue;
            q_tile[row * 33 + lane] = q[t * 512 + i];
        }
        lum::barrier();
        // and write neighbours along t
#pragma unroll
        for (int first = 0; first < 32; first += 8) {
            const int row = first + lum::warp();
            const int i = i_start + row;
            const int t = t_start + lane;
            if (t >= s) continue;
            depths[i * s + t] = q_tile[lane * 33 + row];
        }
        lum::barrier();  // before the next tile takes the room
    }
}

}  // namespace kernels
