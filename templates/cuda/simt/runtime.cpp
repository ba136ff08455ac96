// The runtime API over the CPU's memory and threads: the device, allocations, copies, launches.
#include "cuda_runtime.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "block.h"
#include "fault.h"
#include "memory.h"
#include "simt.h"
#include "stream.h"

namespace simt {

// The memory that the device claims to have: LUM_SIMT_MEMORY bytes, 16 GiB if not set.
static std::size_t memory_limit() {
    const char* text = std::getenv("LUM_SIMT_MEMORY");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : std::size_t{16} << 30;
}

// The shared memory that a block may ask for: LUM_SIMT_SHARED bytes, those of sm_90 if not set.
static std::size_t shared_limit() {
    const char* text = std::getenv("LUM_SIMT_SHARED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : kMaxShared - 1024;
}

// A number like 13000 or 1 of the environment.
static int claimed(const char* variable, int usual) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::atoi(text) : usual;
}

// What else the device claims, for tests of what a library says to machines that it can't run on: LUM_SIMT_DRIVER, the CUDA
// version that the driver supports, 0 for none; LUM_SIMT_DEVICES; LUM_SIMT_CAPABILITY, 90 for 9.0.
static constexpr int kRuntime = 13000;
static int driver_version() { return claimed("LUM_SIMT_DRIVER", kRuntime); }
static int device_count() { return claimed("LUM_SIMT_DEVICES", 1); }
static int capability() { return claimed("LUM_SIMT_CAPABILITY", 90); }

// OS threads for a launch: LUM_SIMT_THREADS, or as many as the machine has.
static int worker_count() {
    const char* text = std::getenv("LUM_SIMT_THREADS");
    const int wanted = text != nullptr ? std::atoi(text) : static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, wanted);
}

// Blocks keep their fibers' stacks, so they are used again.
class BlockPool {
 public:
    std::unique_ptr<Block> take() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (free_.empty()) return std::make_unique<Block>();
        std::unique_ptr<Block> block = std::move(free_.back());
        free_.pop_back();
        return block;
    }
    void give_back(std::unique_ptr<Block> block) {
        const std::lock_guard<std::mutex> lock(mutex_);
        free_.push_back(std::move(block));
    }

 private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Block>> free_;
};
static BlockPool pool;

static cudaError_t last_error = cudaSuccess;
cudaError_t failed(cudaError_t error) { return last_error = error; }

static cudaError_t run(const Launch& launch) {
    if (faulted()) return failed(cudaErrorLaunchFailure);  // as on a device, nothing goes on after a fault
    std::atomic<unsigned> next{0};
    const auto work = [&] {
        std::unique_ptr<Block> block = pool.take();
        for (unsigned i = next++; i < launch.grid && !faulted(); i = next++) block->run(launch, static_cast<int>(i));
        pool.give_back(std::move(block));
    };
    const unsigned others = std::min<unsigned>(static_cast<unsigned>(worker_count()), launch.grid) - 1;
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < others; ++i) workers.emplace_back(work);
    work();
    for (std::thread& worker : workers) worker.join();
    return faulted() ? failed(cudaErrorLaunchFailure) : cudaSuccess;
}

cudaError_t launch(const Launch& launch, cudaStream_t stream) {
    if (launch.grid == 0 || launch.block == 0 || launch.block > kMaxThreads || launch.shared_bytes > kMaxShared) {
        fault(kBadLaunch, "grid %u, block %u, %zu bytes of shared memory", launch.grid, launch.block, launch.shared_bytes);
        return failed(cudaErrorInvalidConfiguration);
    }
    if (faulted()) return failed(cudaErrorLaunchFailure);
    return enqueue(stream, [launch] { return run(launch); });
}

}  // namespace simt

using simt::enqueue;
using simt::failed;

const char* cudaGetErrorName(cudaError_t error) {
    switch (error) {
        case cudaSuccess: return "cudaSuccess";
        case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
        case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
        case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
        case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
        case cudaErrorInvalidDeviceFunction: return "cudaErrorInvalidDeviceFunction";
        case cudaErrorNoDevice: return "cudaErrorNoDevice";
        case cudaErrorNoKernelImageForDevice: return "cudaErrorNoKernelImageForDevice";
        case cudaErrorNotReady: return "cudaErrorNotReady";
        case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
        case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
        case cudaErrorNotSupported: return "cudaErrorNotSupported";
        case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    }
    return "unknown error";
}
const char* cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorLaunchFailure && simt::faulted() ? simt::last_fault() : cudaGetErrorName(error);
}
cudaError_t cudaGetLastError() {
    const cudaError_t error = simt::last_error;
    simt::last_error = cudaSuccess;
    return error;
}
cudaError_t cudaPeekAtLastError() { return simt::last_error; }

cudaError_t cudaGetDeviceCount(int* count) {
    *count = 0;
    if (simt::driver_version() < simt::kRuntime / 1000 * 1000) return failed(cudaErrorInsufficientDriver);
    *count = simt::device_count();
    return *count > 0 ? cudaSuccess : failed(cudaErrorNoDevice);
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : failed(cudaErrorInvalidValue); }
cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    *properties = cudaDeviceProp{};
    std::strcpy(properties->name, "SIMT layer on the CPU");
    properties->totalGlobalMem = simt::memory_limit();
    properties->sharedMemPerBlock = 48 * 1024;
    properties->sharedMemPerBlockOptin = simt::shared_limit();
    properties->major = simt::capability() / 10;
    properties->minor = simt::capability() % 10;
    properties->multiProcessorCount = 4;
    properties->warpSize = simt::kWarpSize;
    properties->l2CacheSize = 1 << 20;
    properties->maxThreadsPerBlock = simt::kMaxThreads;
    properties->regsPerBlock = 65536;
    return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, device);
    switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock: *value = properties.maxThreadsPerBlock; return cudaSuccess;
        case cudaDevAttrMultiProcessorCount: *value = properties.multiProcessorCount; return cudaSuccess;
        case cudaDevAttrL2CacheSize: *value = properties.l2CacheSize; return cudaSuccess;
        case cudaDevAttrComputeCapabilityMajor: *value = properties.major; return cudaSuccess;
        case cudaDevAttrComputeCapabilityMinor: *value = properties.minor; return cudaSuccess;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin:
            *value = static_cast<int>(properties.sharedMemPerBlockOptin);
            return cudaSuccess;
    }
    return failed(cudaErrorInvalidValue);
}
cudaError_t cudaDriverGetVersion(int* version) {
    *version = simt::driver_version();
    return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = simt::kRuntime;
    return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    *total = simt::memory_limit();
    const std::size_t used = simt::allocated_bytes();
    *free = used < *total ? *total - used : 0;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    if (simt::allocated_bytes() + bytes > simt::memory_limit()) return failed(cudaErrorMemoryAllocation);
    *pointer = simt::allocate(bytes);
    return *pointer != nullptr ? cudaSuccess : failed(cudaErrorMemoryAllocation);
}
cudaError_t cudaFree(void* pointer) {
    simt::finish_all();
    simt::release(pointer);
    return cudaSuccess;
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) { return cudaMalloc(pointer, bytes); }
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) { return cudaMalloc(pointer, bytes); }
cudaError_t cudaFreeHost(void* pointer) { return cudaFree(pointer); }
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
    *device = host;
    return cudaSuccess;
}

// Found when the host asks for it, as the driver does, and looked at again when the device comes to it.
static cudaError_t check_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (bytes == 0) return cudaSuccess;
    const bool bad_target = to_device && !simt::may_access(to, bytes);
    if (!bad_target && !(from_device && !simt::may_access(from, bytes))) return cudaSuccess;
    simt::fault(simt::kOutOfBounds, "copy of %zu bytes %s", bytes,
                simt::explain_access(bad_target ? to : from, bytes).c_str());
    return failed(cudaErrorInvalidValue);
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    if (const cudaError_t error = check_copy(to, from, bytes, kind); error != cudaSuccess) return error;
    return enqueue(stream, [=] {
        if (const cudaError_t error = check_copy(to, from, bytes, kind); error != cudaSuccess) return error;
        if (bytes != 0) std::memmove(to, from, bytes);
        return cudaSuccess;
    });
}
// From memory that isn't pinned the host's copy is made at once and goes to the device later; between places on the
// device the host doesn't wait, either.
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (kind == cudaMemcpyHostToDevice && !simt::is_allocated(from)) {
        if (const cudaError_t error = check_copy(to, from, bytes, kind); error != cudaSuccess) return error;
        const auto* start = static_cast<const unsigned char*>(from);
        const auto copied = std::make_shared<const std::vector<unsigned char>>(start, start + bytes);
        return enqueue(nullptr, [=] {
            if (const cudaError_t error = check_copy(to, from, bytes, kind); error != cudaSuccess) return error;
            if (bytes != 0) std::memcpy(to, copied->data(), bytes);
            return cudaSuccess;
        });
    }
    const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
    return error != cudaSuccess || kind == cudaMemcpyDeviceToDevice ? error : cudaStreamSynchronize(nullptr);
}
static cudaError_t check_fill(void* to, std::size_t bytes) {
    if (bytes == 0 || simt::may_access(to, bytes)) return cudaSuccess;
    simt::fault(simt::kOutOfBounds, "memset of %zu bytes %s", bytes, simt::explain_access(to, bytes).c_str());
    return failed(cudaErrorInvalidValue);
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) { return cudaMemsetAsync(to, value, bytes, nullptr); }
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
    if (const cudaError_t error = check_fill(to, bytes); error != cudaSuccess) return error;
    return enqueue(stream, [=] {
        if (const cudaError_t error = check_fill(to, bytes); error != cudaSuccess) return error;
        if (bytes != 0) std::memset(to, value, bytes);
        return cudaSuccess;
    });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
    // As nvcc's code for one architecture does, it runs on that one only.
    if (simt::capability() * 10 != __CUDA_ARCH_LIST__) return failed(cudaErrorNoKernelImageForDevice);
    *attributes = {0, simt::kMaxThreads, 48 * 1024};
    return cudaSuccess;
}
