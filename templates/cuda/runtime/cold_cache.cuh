// Empties the second-level cache, so that a call that is timed finds everything in memory, as it would after other work.
#pragma once

#include "device.h"
#include "launch.cuh"

namespace lum {

// Reads a buffer and keeps nothing of it. Reading leaves no lines behind that would have to be written back later.
template <class Word>
__global__ void read_through(const Word* data, i64 count, u32* odd) {
    u32 seen = 0;
    for (i64 i = static_cast<i64>(block()) * threads() + thread(); i < count; i += static_cast<i64>(grid()) * threads())
        seen ^= load_word<Word>(data + i).word[0];
    if (seen == 0x9e3779b9u) *odd = seen;  // never: the buffer holds zeros
}

class ColdCache {
 public:
    Fault open(const Device& device) {
        int bytes = 0;
        if (Fault fault = device_fault(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device.number), "cudaDeviceGetAttribute"))
            return fault;
        blocks_ = i64{4} * device.multiprocessors;
        return memory_.allocate(size_t{3} * static_cast<size_t>(bytes) + 16, "emptying the cache");
    }

    // What the stream runs next finds nothing of its own in the cache.
    cudaError_t empty(cudaStream_t stream) const {
        const i64 count = static_cast<i64>(memory_.size() / sizeof(Word4)) - 1;
        std::byte* const data = memory_.data();
        return launch(read_through<Word4>, blocks_, 256, 0, stream, reinterpret_cast<const Word4*>(data), count,
                      reinterpret_cast<u32*>(data + count * static_cast<i64>(sizeof(Word4))));
    }

 private:
    DeviceBlock memory_;
    i64 blocks_ = 1;
};

}  // namespace lum
