// Rows: memory, weights, and the forward pass.
#include "model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

// Kernels, each with the launch that the largest sizes have work for.
constexpr Launch kLaunches[] = {
    {"token_parts", 63, 256, 128},
    {"token", 1, 256, 0},
    {"chances_parts", 63, 256, 128},
    {"chances", 63, 256, 128},
    {"normed", 4096, 256, 12128},
    {"weights", 4096, 512, 80256},
    {"scores_parts", 16384, 256, 128},
    {"scores", 16384, 256, 128},
};
// Their code, in the same order.
const void* const kCode[] = {
    reinterpret_cast<const void*>(kernels::token_parts),
    reinterpret_cast<const void*>(kernels::token),
    reinterpret_cast<const void*>(kernels::chances_parts),
    reinterpret_cast<const void*>(kernels::chances),
    reinterpret_cast<const void*>(kernels::normed),
    reinterpret_cast<const void*>(kernels::weights),
    reinterpret_cast<const void*>(kernels::scores_parts),
    reinterpret_cast<const void*>(kernels::scores),
};

}  // namespace

const Launch& rows_model::launch_of(Kernel kernel) { return kLaunches[static_cast<int>(kernel)]; }

rows_model::~rows_model() {
    if (stream == nullptr) return;
    static_cast<void>(cudaStreamSynchronize(stream));
    static_cast<void>(cudaStreamDestroy(stream));
}

int rows_model::launched(Kernel kernel, cudaError_t status) {
    const char* name = launch_of(kernel).name;
    if (sequential) std::fprintf(stderr, "lum: %s\n", name);
    if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
    if (status != cudaSuccess) return fail(lum::device_fault(status, std::string("kernel ") + name));
    return 0;
}

lum::Fault rows_model::create(const char*, const rows_options& options) {
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
    if (lum::Fault fault = reset_state(nullptr)) return fault;
    return {};
}

lum::Fault rows_model::reset_state(const char*) {
    const lum::OnDevice on_device(device);
    return lum::device_fault(cudaDeviceSynchronize(), "reset of the state");
}

lum::Fault rows_model::begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return {};
    return lum::device_fault(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
}

int rows_model::copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    const lum::OnDevice on_device(device);
    if (lum::Fault fault = begin_copy(to, from, bytes, kind)) return fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(stream), "cudaMemcpyAsync")) return fail(fault);
    return 0;
}

// One kernel, named as its file in kernels/.
#define CALL(kernel, ...) \
    if (const int code = model.launch(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// forward.
static int forward_kernels(rows_model& model) {
    std::byte* const arena = model.arena_memory.data();
    const float* const logits = at<float>(model.argument_memory.data(), 0);  // in, f32[1, 128256]
    const lum::bf16* const x = at<lum::bf16>(model.argument_memory.data(), 513024);  // in, bf16[s, n]
    const lum::bf16* const w = at<lum::bf16>(model.argument_memory.data(), 49665024);  // in, bf16[n]
    const float* const wide = at<float>(model.argument_memory.data(), 49677056);  // in, f32[s, 20000]
    const lum::f16* const longer = at<lum::f16>(model.argument_memory.data(), 377357056);  // in, f16[s, 60000]
    lum::i32* const token = at<lum::i32>(model.argument_memory.data(), 868877056);  // out, i32[1]
    float* const chances = at<float>(model.argument_memory.data(), 868877312);  // out, f32[1, 128256]
    lum::bf16* const normed = at<lum::bf16>(model.argument_memory.data(), 869390336);  // out, bf16[s, n]
    float* const weights_2 = at<float>(model.argument_memory.data(), 918542336);  // out, f32[s, 20000]
    lum::f16* const scores = at<lum::f16>(model.argument_memory.data(), 1246222336);  // out, f16[s, 60000]

    CALL(token_parts, logits, at<float>(arena, 0), at<lum::i32>(arena, 256));  // token
    CALL(token, at<float>(arena, 0), at<lum::i32>(arena, 256), token);
    CALL(chances_parts, logits, at<float>(arena, 0), at<float>(arena, 256));  // chances
    CALL(chances, logits, at<float>(arena, 0), at<float>(arena, 256), chances);
    CALL(normed, x, w, normed, model.dims);
    CALL(weights, wide, weights_2, model.dims);
    CALL(scores_parts, longer, at<float>(arena, 0), at<float>(arena, 65536), model.dims);  // scores
    CALL(scores, longer, at<float>(arena, 0), at<float>(arena, 65536), scores, model.dims);
    return 0;
}

namespace {

// Begins to bring the bytes of a call's tensors to the device, or back.
lum::Fault copy_arguments(rows_model& model, const rows_tensor* tensors, int32_t count, const size_t* offsets,
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
int replay(rows_model& model, lum::Graph& graph, Launches&& launches) {
    if (model.sequential || model.keeps_timings) return launches();
    int code = 0;
    if (!graph.recorded()) {
        if (lum::Fault fault = graph.record(model.stream, launches, code)) return model.fail(fault);
        if (code != 0) return code;
    }
    if (lum::Fault fault = graph.launch(model.stream)) return model.fail(fault);
    return 0;
}

int launch_forward(rows_model& model) {
    return replay(model, model.forward_graph, [&] { return forward_kernels(model); });
}

// What a call puts into the stream, and waits for at its end: until then the host's sides of the copies must stay.
int run_in_stream(rows_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs, Dims& values) {
    const rows_entry& known = rows_entries(nullptr)[entry];
    static constexpr size_t kInputOffsets[][5] = {{0, 513024, 49665024, 49677056, 377357056}};
    static constexpr size_t kOutputOffsets[][5] = {{868877056, 868877312, 869390336, 918542336, 1246222336}};
    switch (entry) {
        case 0:
            values.s = dims[0];
            values.n = dims[1];
            break;
        default: break;
    }
    if (lum::Fault fault = model.begin_copy(model.dims, &values, sizeof values, cudaMemcpyHostToDevice)) return model.fail(fault);
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
    if (lum::Fault fault = copy_arguments(model, known.outputs, known.output_count, kOutputOffsets[entry], dims, nullptr, outputs))
        return model.fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(model.stream), known.name)) return model.fail(fault);
    return 0;
}

}  // namespace

int run_entry(rows_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs) {
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
