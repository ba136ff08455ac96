// What a Lines holds: pointers to its weights, its state, and one arena for everything that is computed on
// the way, all in device memory; and for each forward pass the graph of its launches.
#pragma once

#include <array>
#include <string>
#include <utility>

#include "lines.h"
#include "kernels/kernels.h"
#include "runtime/cold_cache.cuh"
#include "runtime/device.h"
#include "runtime/launch.cuh"
#include "runtime/timeline.h"

// Bytes, at the largest values of the dims.
constexpr size_t kArenaBytes = 241920;  // 236 KiB
constexpr size_t kStateBytes = 0;
constexpr size_t kTapBytes = 0;
constexpr size_t kArgumentBytes = 3637760;  // inputs and outputs of a call

struct Timing {
    int64_t calls = 0;
    double seconds = 0;
};

struct lines_model {
    lum::Device device;
    cudaStream_t stream = nullptr;
    lum::DeviceBlock arena_memory, state_memory, tap_memory, argument_memory;
    lum::DeviceBlock dims_memory;
    Dims* dims = nullptr;  // of the call that is running
    lum::Graph forward_graph;

    std::string fault;  // code and text of the last call that failed
    bool sequential = false;  // LUM_SEQ=1: kernel by kernel, each waited for and named
    bool keeps_timings = false;
    bool times_calls = false;  // each as a whole, from a cold cache
    lum::ColdCache cold;
    lum::Timeline timeline;
    std::array<Timing, kKernelCount + 1> timings{};  // of the kernels, then of calls

    ~lines_model();

    // Puts one kernel into the stream. Returns 0, or the fault's number.
    template <class... Parameters, class... Arguments>
    int launch(Kernel kernel, void (*function)(Parameters...), Arguments&&... arguments) {
        const Launch& shape = launch_of(kernel);
        const lum::i64 most = lum::i64{16} * device.multiprocessors;
        if (keeps_timings) timeline.begin(stream);
        const cudaError_t status = lum::launch(function, shape.blocks < most ? shape.blocks : most, shape.threads,
                                               shape.shared, stream, static_cast<Parameters>(arguments)...);
        if (keeps_timings) timeline.end(stream, static_cast<int>(kernel));
        return status == cudaSuccess && !sequential ? 0 : launched(kernel, status);
    }

    static const Launch& launch_of(Kernel kernel);
    // The fault of a launch; where kernels run one by one, that of the kernel itself.
    int launched(Kernel kernel, cudaError_t status);
    int fail(const lum::Fault& what);

    lum::Fault create(const char* weights_path, const lines_options& options);
    lum::Fault reset_state(const char* name);
    // Copies between the caller's memory and the device's: begun, and waited for.
    lum::Fault begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
    int copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
};

// Runs an entry, with arguments that interface.cu has checked.
int run_entry(lines_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs);
