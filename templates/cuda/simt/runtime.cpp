// The runtime API over the CPU's memory and threads: allocations, copies, streams, capture into graphs, launches.
#include "cuda_runtime.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "block.h"
#include "fault.h"
#include "memory.h"
#include "simt.h"

struct simt_Graph {
    std::vector<std::function<cudaError_t()>> steps;
};
struct simt_GraphExec : simt_Graph {};
struct simt_Stream {
    simt_Graph* capturing = nullptr;
    bool waits_for_default = true;
};
struct simt_Event {
    std::chrono::steady_clock::time_point time;
};

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
static cudaError_t failed(cudaError_t error) { return last_error = error; }

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

// What cudaMemset has yet to do: on a device the host goes on at once, and so do streams that don't wait for the default one.
struct Fill {
    void* to;
    int value;
    std::size_t bytes;
};
static std::mutex fills_mutex;
static std::vector<Fill> fills;
static void finish_fills() {
    const std::lock_guard<std::mutex> lock(fills_mutex);
    for (const Fill& fill : fills) std::memset(fill.to, fill.value, fill.bytes);
    fills.clear();
}

static cudaError_t enqueue(cudaStream_t stream, std::function<cudaError_t()> step) {
    if (stream == nullptr || stream->waits_for_default) finish_fills();
    if (stream == nullptr || stream->capturing == nullptr) return step();
    stream->capturing->steps.push_back(std::move(step));
    return cudaSuccess;
}

cudaError_t launch(const Launch& launch, cudaStream_t stream) {
    if (launch.grid == 0 || launch.block == 0 || launch.block > kMaxThreads || launch.shared_bytes > kMaxShared) {
        fault(kBadLaunch, "grid %u, block %u, %zu bytes of shared memory", launch.grid, launch.block, launch.shared_bytes);
        return failed(cudaErrorInvalidConfiguration);
    }
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
cudaError_t cudaDeviceSynchronize() {
    simt::finish_fills();
    return simt::faulted() ? cudaErrorLaunchFailure : cudaSuccess;
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
    simt::finish_fills();
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
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    return enqueue(stream, [=] {
        const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
        const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
        if (bytes == 0) return cudaSuccess;
        if ((to_device && !simt::may_access(to, bytes)) || (from_device && !simt::may_access(from, bytes))) {
            simt::fault(simt::kOutOfBounds, "copy of %zu bytes %s", bytes,
                        simt::explain_access(to_device && !simt::may_access(to, bytes) ? to : from, bytes).c_str());
            return failed(cudaErrorInvalidValue);
        }
        std::memmove(to, from, bytes);
        return cudaSuccess;
    });
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
    if (bytes != 0 && !simt::may_access(to, bytes)) return cudaMemsetAsync(to, value, bytes, nullptr);
    const std::lock_guard<std::mutex> lock(simt::fills_mutex);
    simt::fills.push_back({to, value, bytes});
    return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
    return enqueue(stream, [=] {
        if (bytes != 0 && !simt::may_access(to, bytes)) {
            simt::fault(simt::kOutOfBounds, "memset of %zu bytes %s", bytes, simt::explain_access(to, bytes).c_str());
            return failed(cudaErrorInvalidValue);
        }
        std::memset(to, value, bytes);
        return cudaSuccess;
    });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
    // As nvcc's code for one architecture does, it runs on that one only.
    if (simt::capability() * 10 != __CUDA_ARCH_LIST__) return failed(cudaErrorNoKernelImageForDevice);
    *attributes = {0, simt::kMaxThreads, 48 * 1024};
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    *stream = new simt_Stream;
    return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    *stream = new simt_Stream;
    (*stream)->waits_for_default = (flags & cudaStreamNonBlocking) == 0;
    return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    delete stream;
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    if (stream != nullptr && stream->capturing != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
    if (stream == nullptr || stream->waits_for_default) simt::finish_fills();
    return simt::faulted() ? cudaErrorLaunchFailure : cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    if (stream == nullptr || stream->capturing != nullptr) return failed(cudaErrorStreamCaptureUnsupported);
    stream->capturing = new simt_Graph;
    return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    if (stream == nullptr || stream->capturing == nullptr) return failed(cudaErrorInvalidValue);
    *graph = stream->capturing;
    stream->capturing = nullptr;
    return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
    return enqueue(stream, [=] {
        function(argument);
        return cudaSuccess;
    });
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
    *event = new simt_Event;
    return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return cudaEventCreate(event); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return enqueue(stream, [=] {
        event->time = std::chrono::steady_clock::now();
        return cudaSuccess;
    });
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return simt::faulted() ? cudaErrorLaunchFailure : cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
    *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
    return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
    *exec = new simt_GraphExec{*graph};
    return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    for (const auto& step : exec->steps)
        if (const cudaError_t error = enqueue(stream, step); error != cudaSuccess) return error;
    return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    delete exec;
    return cudaSuccess;
}
