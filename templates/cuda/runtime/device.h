// What the host does with the GPU: opening it, its memory, a captured graph. Every status is looked at; a fault says what
// is there and what is needed.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>

#include "fault.h"

namespace lum {

inline Fault device_fault(cudaError_t status, const std::string& call) {
    if (status == cudaSuccess) return {};
    return {"LUM6020", sentence({call, ": ", cudaGetErrorName(status), ": ", cudaGetErrorString(status)}),
            "LUM_SEQ=1 runs kernel by kernel and names the one that fails"};
}

struct Device {
    int number = 0;
    std::string name;
    int major = 0, minor = 0;
    int multiprocessors = 1;
    size_t shared_bytes = 0;  // of shared memory that a block may ask for
};

// The calling thread's device while this lives: a call may come from any thread, and memory and stream are one device's.
class OnDevice {
 public:
    explicit OnDevice(const Device& device) {
        changed_ = cudaGetDevice(&before_) == cudaSuccess && before_ != device.number &&
                   cudaSetDevice(device.number) == cudaSuccess;
    }
    OnDevice(const OnDevice&) = delete;
    OnDevice& operator=(const OnDevice&) = delete;
    ~OnDevice() {
        if (changed_) static_cast<void>(cudaSetDevice(before_));
    }

 private:
    int before_ = 0;
    bool changed_ = false;
};

// 13000 is CUDA 13.0.
inline std::string cuda_version(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// The current device, with a driver and an architecture that this library's code runs on.
inline Fault open_device(Device& out) {
    int driver = 0, runtime = 0, count = 0;
    static_cast<void>(cudaRuntimeGetVersion(&runtime));
    if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
        return {"LUM6021", "no NVIDIA driver on this machine; CUDA " + cuda_version(runtime) + " needs one",
                "install the driver, or build the model for --target cpu"};
    }
    const cudaError_t found = cudaGetDeviceCount(&count);
    if (found == cudaErrorInsufficientDriver || driver / 1000 < runtime / 1000) {
        return {"LUM6022", "the driver supports CUDA " + cuda_version(driver) + ", this library was built with CUDA " +
                               cuda_version(runtime),
                "update the driver, or build with an older toolkit"};
    }
    if (found != cudaSuccess || count == 0) {
        return {"LUM6023", "no CUDA device: " + std::string(cudaGetErrorString(found)),
                "check that the GPU is there (nvidia-smi) and CUDA_VISIBLE_DEVICES doesn't hide it"};
    }
    int device = 0;
    cudaDeviceProp facts;
    if (Fault fault = device_fault(cudaGetDevice(&device), "cudaGetDevice")) return fault;
    if (Fault fault = device_fault(cudaGetDeviceProperties(&facts, device), "cudaGetDeviceProperties")) return fault;
    out = {device, facts.name, facts.major, facts.minor, facts.multiProcessorCount, facts.sharedMemPerBlockOptin};
    if (facts.major < 8) {
        return {"LUM6024",
                sentence({out.name, " has compute capability ", out.major, ".", out.minor, ", the kernels need 8.0"}),
                "use an Ampere or later GPU, or build the model for --target cpu"};
    }
    return {};
}

#ifdef __CUDA_ARCH_LIST__  // by nvcc, which alone knows it

// The compute capabilities that this was compiled for: "8.0, 9.0".
inline std::string compiled_for() {
    std::string list;
    for (const int arch : {__CUDA_ARCH_LIST__}) {
        if (!list.empty()) list += ", ";
        list += std::to_string(arch / 100) + "." + std::to_string(arch % 100 / 10);
    }
    return list;
}

// Loads a kernel's code. What the device lacks for it shows here, before weights are read and before a graph is recorded.
inline Fault load_kernel(const Device& device, const void* code, const char* name, size_t shared_bytes) {
    cudaFuncAttributes facts;
    const cudaError_t status = cudaFuncGetAttributes(&facts, code);
    if (status == cudaErrorNoKernelImageForDevice || status == cudaErrorInvalidDeviceFunction) {
        static_cast<void>(cudaGetLastError());
        const std::string version = std::to_string(device.major) + std::to_string(device.minor);
        return {"LUM6024",
                sentence({device.name, " has compute capability ", device.major, ".", device.minor, ", the library holds code for ",
                          compiled_for()}),
                "build with -DCMAKE_CUDA_ARCHITECTURES=" + version};
    }
    if (status != cudaSuccess) return device_fault(status, std::string("the code of kernel ") + name);
    if (shared_bytes <= device.shared_bytes) return {};
    return {"LUM6026",
            "kernel " + std::string(name) + " takes " + std::to_string(shared_bytes) + " bytes of shared memory in a block, " +
                device.name + " has " + std::to_string(device.shared_bytes),
            "its tiles were chosen for another GPU: write the project anew with lumc build --arch"};
}

#endif

// One allocation in device memory, zeroed, that goes with its owner.
class DeviceBlock {
 public:
    DeviceBlock() = default;
    DeviceBlock(const DeviceBlock&) = delete;
    DeviceBlock& operator=(const DeviceBlock&) = delete;
    ~DeviceBlock() {
        if (data_ != nullptr) static_cast<void>(cudaFree(data_));
    }

    // `what` names it in the fault: "the arena".
    Fault allocate(size_t bytes, const char* what) {
        if (bytes == 0) return {};
        const cudaError_t status = cudaMalloc(&data_, bytes);
        if (status == cudaErrorMemoryAllocation) {
            static_cast<void>(cudaGetLastError());
            size_t free = 0, total = 0;
            static_cast<void>(cudaMemGetInfo(&free, &total));
            data_ = nullptr;
            return {"LUM6006", "no device memory for " + std::to_string(bytes) + " bytes of " + what + ": " +
                                   std::to_string(free) + " of " + std::to_string(total) + " bytes are free",
                    "free memory on the device, or build with smaller bounds of the dims"};
        }
        if (Fault fault = device_fault(status, "cudaMalloc")) return fault;
        bytes_ = bytes;
        if (Fault fault = device_fault(cudaMemset(data_, 0, bytes), "cudaMemset")) return fault;
        // The host doesn't wait for a cudaMemset, nor does a stream of its own: what it writes next must come after.
        return device_fault(cudaDeviceSynchronize(), "cudaMemset");
    }

    std::byte* data() const { return static_cast<std::byte*>(data_); }
    size_t size() const { return bytes_; }

 private:
    void* data_ = nullptr;
    size_t bytes_ = 0;
};

// Launches recorded once and replayed as one.
class Graph {
 public:
    Graph() = default;
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;
    ~Graph() {
        if (graph_ != nullptr) static_cast<void>(cudaGraphExecDestroy(graph_));
    }

    bool recorded() const { return graph_ != nullptr; }

    // Records what `launches` puts into the stream; its result, if not 0, is handed on.
    template <class Launches>
    Fault record(cudaStream_t stream, Launches&& launches, int& code) {
        if (Fault fault = device_fault(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
                                       "cudaStreamBeginCapture"))
            return fault;
        code = launches();
        cudaGraph_t recording = nullptr;
        const cudaError_t ended = cudaStreamEndCapture(stream, &recording);
        Fault fault;  // of the recording itself: a launch that failed has told more
        if (code == 0) {
            fault = device_fault(ended, "cudaStreamEndCapture");
            if (!fault) fault = device_fault(cudaGraphInstantiate(&graph_, recording, 0), "cudaGraphInstantiate");
        }
        if (recording != nullptr) static_cast<void>(cudaGraphDestroy(recording));
        return fault;
    }

    Fault launch(cudaStream_t stream) const { return device_fault(cudaGraphLaunch(graph_, stream), "cudaGraphLaunch"); }

 private:
    cudaGraphExec_t graph_ = nullptr;
};

}  // namespace lum
