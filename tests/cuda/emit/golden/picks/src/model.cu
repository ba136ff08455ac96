// Picks: memory, weights, and the forward pass.
#include "model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/gemv.cuh"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::DeviceWeights& bound, Weights& weights) {
    bound.as_stored(&weights.experts, "f32", "experts", {5, 6, 8});
}

lum::Fault load_weights(picks_model& model, const char* path, const picks_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.loaded, model.weights);
    return model.loaded.load(path, model.stream, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

// Kernels, each with the launch that the largest sizes have work for.
constexpr Launch kLaunches[] = {
    {"chosen", 16, 256, 12800},
    {"y_part", 96, 256, lum::skinny_shared_bytes(8, 1, 0, 4)},
    {"y", 1, 256, 0},
};
// Their code, in the same order.
const void* const kCode[] = {
    reinterpret_cast<const void*>(kernels::chosen),
    reinterpret_cast<const void*>(kernels::y_part),
    reinterpret_cast<const void*>(kernels::y),
};

// Reads and writes whose indices come from data, by the number that their kernel notes them with.
struct Site {
    const char* kernel;
    const char* what;
};
constexpr Site kSites[] = {
    {"y_part", "experts[chosen[t, e], f, d], axis 0"},
    {"y_part", "score, chosen = top_k(gate, 2), axis 1"},
};

}  // namespace

const Launch& picks_model::launch_of(Kernel kernel) { return kLaunches[static_cast<int>(kernel)]; }

picks_model::~picks_model() {
    if (stream == nullptr) return;
    static_cast<void>(cudaStreamSynchronize(stream));
    static_cast<void>(cudaStreamDestroy(stream));
}

int picks_model::launched(Kernel kernel, cudaError_t status) {
    const char* name = launch_of(kernel).name;
    if (sequential) std::fprintf(stderr, "lum: %s\n", name);
    if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
    if (status != cudaSuccess) return fail(lum::device_fault(status, std::string("kernel ") + name));
    return 0;
}

lum::Fault picks_model::create(const char* weights_path, const picks_options& options) {
    const char* one_by_one = std::getenv("LUM_SEQ");
    const char* trace = std::getenv("LUM_TRACE");
    const bool traces = trace != nullptr && *trace != 0;
    sequential = one_by_one != nullptr && std::strcmp(one_by_one, "0") != 0;
    keeps_timings = options.timings == 1 || traces;
    times_calls = options.timings == 2 && !traces;
    if (traces && !timeline.trace_to(trace)) {
        return {"LUM6025", "LUM_TRACE: cannot write " + std::string(trace), "name a file in a folder that exists"};
    }
    if (lum::Fault fault = lum::open_device(device)) return fault;
    for (int i = 0; i < kKernelCount; ++i) {
        if (lum::Fault fault = lum::load_kernel(device, kCode[i], kLaunches[i].name, kLaunches[i].shared)) return fault;
    }
    if (times_calls)
        if (lum::Fault fault = cold.open(device)) return fault;
    if (lum::Fault fault = lum::device_fault(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate"))
        return fault;
    if (lum::Fault fault = arena_memory.allocate(kArenaBytes, "the arena")) return fault;
    if (lum::Fault fault = state_memory.allocate(kStateBytes, "the state")) return fault;
    if (lum::Fault fault = tap_memory.allocate(kTapBytes, "the taps")) return fault;
    if (lum::Fault fault = argument_memory.allocate(kArgumentBytes, "inputs and outputs")) return fault;
    if (lum::Fault fault = dims_memory.allocate(sizeof(Dims), "the dims")) return fault;
    dims = at<Dims>(dims_memory.data(), 0);
    if (lum::Fault fault = check_memory.allocate(sizeof(lum::IndexCheck), "the check of indices")) return fault;
    check = at<lum::IndexCheck>(check_memory.data(), 0);
    if (lum::Fault fault = reset_state(nullptr)) return fault;
    return load_weights(*this, weights_path, options);
}

lum::Fault picks_model::reset_state(const char*) {
    const lum::OnDevice on_device(device);
    return lum::device_fault(cudaDeviceSynchronize(), "reset of the state");
}

lum::Fault picks_model::begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return {};
    return lum::device_fault(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
}

int picks_model::copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    const lum::OnDevice on_device(device);
    if (lum::Fault fault = begin_copy(to, from, bytes, kind)) return fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(stream), "cudaMemcpyAsync")) return fail(fault);
    return 0;
}

// One kernel, named as its file in kernels/.
#define CALL(kernel, ...) \
    if (const int code = model.launch(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// forward.
static int forward_kernels(picks_model& model) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    const float* const x = at<float>(model.argument_memory.data(), 0);  // in, f32[n, 8]
    const float* const gate = at<float>(model.argument_memory.data(), 512);  // in, f32[n, 5]
    float* const y = at<float>(model.argument_memory.data(), 1024);  // out, f32[n, 6]
    lum::i32* const chosen = at<lum::i32>(model.argument_memory.data(), 1536);  // out, i32[n, 2]
    float* const y_part = at<float>(arena, 0);  // f32[n, 6, 2], 768 bytes

    CALL(chosen, gate, chosen, model.dims);
    CALL(y_part, x, chosen, weights.experts, gate, y_part, model.dims, model.check);
    CALL(y, y_part, y, model.dims);
    return 0;
}

namespace {

// Begins to bring the bytes of a call's tensors to the device, or back.
lum::Fault copy_arguments(picks_model& model, const picks_tensor* tensors, int32_t count, const size_t* offsets,
                   const int64_t* dims, const void* const* inputs, void* const* outputs) {
    for (int32_t i = 0; i < count; ++i) {
        int64_t shape[2] = {}, bytes = tensors[i].element_bytes;
        tensors[i].sizes(dims, shape);
        for (int32_t a = 0; a < tensors[i].rank; ++a) bytes *= shape[a];
        std::byte* const there = model.argument_memory.data() + offsets[i];
        const lum::Fault fault =
            inputs != nullptr ? model.begin_copy(there, inputs[i], static_cast<size_t>(bytes), cudaMemcpyHostToDevice)
                              : model.begin_copy(outputs[i], there, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost);
        if (fault) return fault;
    }
    return {};
}

// Replays the graph of `launches`, recorded at the first call; kernel by kernel where they are timed or checked.
template <class Launches>
int replay(picks_model& model, lum::Graph& graph, Launches&& launches) {
    if (model.sequential || model.keeps_timings) return launches();
    int code = 0;
    if (!graph.recorded()) {
        if (lum::Fault fault = graph.record(model.stream, launches, code)) return model.fail(fault);
        if (code != 0) return code;
    }
    if (lum::Fault fault = graph.launch(model.stream)) return model.fail(fault);
    return 0;
}

int launch_forward(picks_model& model) {
    return replay(model, model.forward_graph, [&] { return forward_kernels(model); });
}

// What a call puts into the stream, and waits for at its end: until then the host's sides of the copies must stay.
int run_in_stream(picks_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs, Dims& values) {
    const picks_entry& known = picks_entries(nullptr)[entry];
    static constexpr size_t kInputOffsets[][2] = {{0, 512}};
    static constexpr size_t kOutputOffsets[][2] = {{1024, 1536}};
    switch (entry) {
        case 0:
            values.n = dims[0];
            break;
        default: break;
    }
    if (lum::Fault fault = model.begin_copy(model.dims, &values, sizeof values, cudaMemcpyHostToDevice)) return model.fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaMemsetAsync(model.check, 0, sizeof(lum::IndexCheck), model.stream), "cudaMemsetAsync"))
        return model.fail(fault);
    if (lum::Fault fault = copy_arguments(model, known.inputs, known.input_count, kInputOffsets[entry], dims, inputs, nullptr))
        return model.fail(fault);
    if (model.times_calls) {
        if (lum::Fault fault = lum::device_fault(model.cold.empty(model.stream), "the emptying of the cache")) return model.fail(fault);
        model.timeline.begin(model.stream);
    }
    int code = 0;
    switch (entry) {
        case 0: code = launch_forward(model); break;
        default: break;
    }
    if (model.times_calls) model.timeline.end(model.stream, kKernelCount);
    if (code != 0) return code;
    lum::IndexCheck found;
    if (lum::Fault fault = lum::device_fault(
            cudaMemcpyAsync(&found, model.check, sizeof found, cudaMemcpyDeviceToHost, model.stream), known.name))
        return model.fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(model.stream), known.name)) return model.fail(fault);
    if (found.failed != 0) {
        const Site& site = kSites[found.site];
        return model.fail({"LUM6007",
                           std::string("kernel ") + site.kernel + ": " + site.what + ": index " + std::to_string(found.index) +
                               " is outside of 0.." + std::to_string(found.size - 1),
                           "indices come from an input: check its values"});
    }
    if (lum::Fault fault = copy_arguments(model, known.outputs, known.output_count, kOutputOffsets[entry], dims, nullptr, outputs))
        return model.fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(model.stream), known.name)) return model.fail(fault);
    return 0;
}

}  // namespace

int run_entry(picks_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs) {
    const lum::OnDevice on_device(model.device);
    Dims values{};
    const int code = run_in_stream(model, entry, dims, inputs, outputs, values);
    if (code != 0) static_cast<void>(cudaStreamSynchronize(model.stream));
    if (model.keeps_timings || model.times_calls) {
        model.timeline.collect([](int kernel) { return kLaunches[kernel].name; },
                               [&](int kernel, double seconds) {
                                   Timing& timing = model.timings[static_cast<size_t>(kernel)];
                                   timing.seconds += seconds;
                                   ++timing.calls;
                               });
    }
    return code;
}
