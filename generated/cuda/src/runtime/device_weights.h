// Weights in device memory: declared one by one, then checked against a checkpoint and copied from the mapped file
// through pinned memory, converted on the way where the dtypes differ.
#pragma once

#include <functional>
#include <vector>

#include "device.h"

namespace lum {

class DeviceWeights {
 public:
    // Where the tensor's pointer goes; its dtype as in .lum files.
    template <class T>
    void as_stored(const T** slot, const char* dtype, std::string name, std::vector<int64_t> shape) {
        requests_.push_back({reinterpret_cast<const void**>(slot), dtype, std::move(name), std::move(shape)});
    }

    using Progress = std::function<void(size_t done_bytes, size_t total_bytes, const std::string& tensor)>;

    // Fills every slot. The fault's message names every tensor that is missing or doesn't fit.
    Fault load(const std::string& path, cudaStream_t stream, const Progress& progress);

    struct Request {
        const void** slot;
        const char* dtype;
        std::string name;
        std::vector<int64_t> shape;
    };

 private:
    std::vector<Request> requests_;
    DeviceBlock memory_;
};

}  // namespace lum
