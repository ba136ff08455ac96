#include "device_weights.h"

#include <algorithm>
#include <cstring>

#include "convert.h"
#include "safetensors.h"
#include "weight_match.h"

namespace lum {

namespace {

constexpr size_t kStagingBytes = size_t{8} << 20;
// Of every tensor's start: what TMA and 16-byte loads want.
constexpr size_t kAlignment = 256;

DType dtype_named(const char* name) {
    for (const DTypeFacts& known : kDTypes)
        if (std::strcmp(known.name, name) == 0) return known.dtype;
    return DType::f32;
}

// Two pieces of pinned memory: while one is on its way to the device, the other is filled.
class Staging {
 public:
    Staging() = default;
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;
    ~Staging() {
        for (Half& half : halves_) {
            if (half.data != nullptr) static_cast<void>(cudaFreeHost(half.data));
            if (half.sent != nullptr) static_cast<void>(cudaEventDestroy(half.sent));
        }
    }

    Fault open() {
        for (Half& half : halves_) {
            if (Fault fault = device_fault(cudaMallocHost(&half.data, kStagingBytes), "cudaMallocHost")) return fault;
            if (Fault fault = device_fault(cudaEventCreateWithFlags(&half.sent, cudaEventDisableTiming), "cudaEventCreate"))
                return fault;
        }
        return {};
    }

    // Sends `bytes`, at most kStagingBytes, that `fill` writes.
    template <class Fill>
    Fault send(void* to, size_t bytes, cudaStream_t stream, Fill&& fill) {
        Half& half = halves_[next_++ % 2];
        if (Fault fault = device_fault(cudaEventSynchronize(half.sent), "cudaEventSynchronize")) return fault;
        fill(half.data);
        if (Fault fault = device_fault(cudaMemcpyAsync(to, half.data, bytes, cudaMemcpyHostToDevice, stream),
                                       "copy of weights to the device"))
            return fault;
        return device_fault(cudaEventRecord(half.sent, stream), "cudaEventRecord");
    }

 private:
    struct Half {
        void* data = nullptr;
        cudaEvent_t sent = nullptr;
    };
    Half halves_[2];
    size_t next_ = 0;
};

Fault all_of(const std::vector<Fault>& problems) {
    Fault all = problems[0];
    for (size_t i = 1; i < problems.size(); ++i) {
        all.message += (i == 1 ? "\n  " + all.help + "\n" : "\n") + problems[i].text();
        all.help.clear();
    }
    return all;
}

}  // namespace

Fault DeviceWeights::load(const std::string& path, cudaStream_t stream, const Progress& progress) {
    Checkpoint checkpoint;
    if (Fault fault = Checkpoint::open(path, checkpoint)) return fault;
    std::vector<RequiredTensor> required;
    for (const Request& request : requests_)
        required.push_back({request.name, request.shape, dtype_named(request.dtype), true});
    const WeightMatch match = WeightMatcher::match(required, checkpoint, false);
    if (!match.problems.empty()) return all_of(match.problems);

    const auto bytes_of = [&](size_t i) {
        const StoredTensor& tensor = *match.found[i];
        return static_cast<size_t>(tensor.bytes) / facts(tensor.dtype).bytes * facts(required[i].dtype).bytes;
    };
    size_t total = 0, padded = 0;
    for (size_t i = 0; i < requests_.size(); ++i) {
        total += bytes_of(i);
        padded += (bytes_of(i) + kAlignment - 1) / kAlignment * kAlignment;
    }
    if (Fault fault = memory_.allocate(padded, "the weights")) return fault;
    Staging staging;
    if (Fault fault = staging.open()) return fault;

    size_t place = 0, done = 0;
    for (size_t i = 0; i < requests_.size(); ++i) {
        const StoredTensor& tensor = *match.found[i];
        const DType from = tensor.dtype, to = required[i].dtype;
        const size_t from_bytes = facts(from).bytes, to_bytes = facts(to).bytes;
        const size_t count = static_cast<size_t>(tensor.bytes) / from_bytes, piece = kStagingBytes / to_bytes;
        std::byte* const start = memory_.data() + place;
        for (size_t begin = 0; begin < count; begin += piece) {
            const size_t elements = std::min(piece, count - begin);
            const unsigned char* source = checkpoint.data(tensor) + begin * from_bytes;
            Fault fault = staging.send(start + begin * to_bytes, elements * to_bytes, stream, [&](void* staged) {
                if (from == to) std::memcpy(staged, source, elements * to_bytes);
                else convert(from, source, to, staged, static_cast<i64>(elements));
            });
            if (fault) return fault;
            done += elements * to_bytes;
            if (progress) progress(done, total, tensor.name);
        }
        *requests_[i].slot = start;
        place += (bytes_of(i) + kAlignment - 1) / kAlignment * kAlignment;
    }
    return device_fault(cudaStreamSynchronize(stream), "copy of weights to the device");
}

}  // namespace lum
