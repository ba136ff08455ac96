// Indices that come from data: a kernel that gathers or scatters checks each one and goes on with 0 where it is
// outside, so that no memory is touched that isn't the tensor's; the call then fails with the first one noted.
#pragma once

#include "lum_device.cuh"

namespace lum {

// Lies in device memory, all zeros before a call; the host reads it back.
struct IndexCheck {
    u32 failed;  // 1 once an index was outside
    i32 site;    // number of the read or write
    i64 index, size;

    // `index` where 0 <= index < size, else 0 with the fault noted; the first one is kept.
    template <class Index>
    __device__ Index inside(i64 found, Index below, i32 where) {
        if (static_cast<u64>(found) < static_cast<u64>(below)) return static_cast<Index>(found);
        if (atomic_swap_if(&failed, 0u, 1u) == 0u) {
            site = where;
            index = found;
            size = below;
        }
        return 0;
    }
};

}  // namespace lum
