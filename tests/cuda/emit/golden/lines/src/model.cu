// Lines: memory, weights, and the forward pass.
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
    {"rope_freq", 1, 256, 0},
    {"rope_low_cos", 64, 256, 0},
    {"rope_low_sin", 64, 256, 0},
    {"turned", 512, 256, 0},
    {"transposed", 160, 256, 4224},
    {"heads", 1024, 256, 0},
    {"depths", 256, 256, 2112},
    {"greatest", 64, 256, 0},
    {"sums_parts", 920, 256, 4096},
    {"sums", 38, 256, 0},
    {"totals_parts", 80, 256, 4096},
    {"totals", 2, 256, 0},
};
// Their code, in the same order.
const void* const kCode[] = {
    reinterpret_cast<const void*>(kernels::rope_freq),
    reinterpret_cast<const void*>(kernels::rope_low_cos),
    reinterpret_cast<const void*>(kernels::rope_low_sin),
    reinterpret_cast<const void*>(kernels::turned),
    reinterpret_cast<const void*>(kernels::transposed),
    reinterpret_cast<const void*>(kernels::heads),
    reinterpret_cast<const void*>(kernels::depths),
    reinterpret_cast<const void*>(kernels::greatest),
    reinterpret_cast<const void*>(kernels::sums_parts),
    reinterpret_cast<const void*>(kernels::sums),
    reinterpret_cast<const void*>(kernels::totals_parts),
    reinterpret_cast<const void*>(kernels::totals),
};

}  // namespace

const Launch& lines_model::launch_of(Kernel kernel) { return kLaunches[static_cast<int>(kernel)]; }

lines_model::~lines_model() {
    if (stream == nullptr) return;
    static_cast<void>(cudaStreamSynchronize(stream));
    static_cast<void>(cudaStreamDestroy(stream));
}

int lines_model::launched(Kernel kernel, cudaError_t status) {
    const char* name = launch_of(kernel).name;
    if (sequential) std::fprintf(stderr, "lum: %s\n", name);
    if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
    if (status != cudaSuccess) return fail(lum::device_fault(status, std::string("kernel ") + name));
    return 0;
}

lum::Fault lines_model::create(const char*, const lines_options& options) {
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

lum::Fault lines_model::reset_state(const char*) {
    const lum::OnDevice on_device(device);
    return lum::device_fault(cudaDeviceSynchronize(), "reset of the state");
}

lum::Fault lines_model::begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return {};
    return lum::device_fault(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
}

int lines_model::copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    const lum::OnDevice on_device(device);
    if (lum::Fault fault = begin_copy(to, from, bytes, kind)) return fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(stream), "cudaMemcpyAsync")) return fail(fault);
    return 0;
}

// One kernel, named as its file in kernels/.
#define CALL(kernel, ...) \
    if (const int code = model.launch(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// forward.
static int forward_kernels(lines_model& model) {
    std::byte* const arena = model.arena_memory.data();
    const lum::bf16* const q = at<lum::bf16>(model.argument_memory.data(), 0);  // in, bf16[s, 8, 64]
    const float* const x = at<float>(model.argument_memory.data(), 524288);  // in, f32[s, 300]
    const lum::bf16* const y = at<lum::bf16>(model.argument_memory.data(), 1138688);  // in, bf16[300, s]
    lum::bf16* const turned = at<lum::bf16>(model.argument_memory.data(), 1445888);  // out, bf16[s, 8, 64]
    float* const transposed = at<float>(model.argument_memory.data(), 1970176);  // out, f32[300, s]
    lum::bf16* const heads = at<lum::bf16>(model.argument_memory.data(), 2584576);  // out, bf16[8, s, 64]
    lum::bf16* const depths = at<lum::bf16>(model.argument_memory.data(), 3108864);  // out, bf16[8, 64, s]
    lum::i32* const greatest = at<lum::i32>(model.argument_memory.data(), 3633152);  // out, i32[8, 64]
    float* const sums = at<float>(model.argument_memory.data(), 3635200);  // out, f32[300]
    float* const totals = at<float>(model.argument_memory.data(), 3636480);  // out, f32[300]
    float* const rope_freq = at<float>(arena, 131072);  // f32[32], 128 bytes
    float* const rope_low_cos = at<float>(arena, 0);  // f32[s, 32], 64 KiB
    float* const rope_low_sin = at<float>(arena, 65536);  // f32[s, 32], 64 KiB

    CALL(rope_freq, rope_freq);
    CALL(rope_low_cos, rope_freq, rope_low_cos, model.dims);
    CALL(rope_low_sin, rope_freq, rope_low_sin, model.dims);
    CALL(turned, q, rope_low_cos, rope_low_sin, turned, model.dims);
    CALL(transposed, x, y, transposed, model.dims);
    CALL(heads, q, heads, model.dims);
    CALL(depths, q, depths, model.dims);
    CALL(greatest, depths, greatest, model.dims);
    CALL(sums_parts, x, y, at<float>(arena, 131328), model.dims);  // sums
    CALL(sums, at<float>(arena, 131328), sums);
    CALL(totals_parts, x, at<float>(arena, 131328), model.dims);  // totals
    CALL(totals, at<float>(arena, 131328), totals);
    return 0;
}

namespace {

// Begins to bring the bytes of a call's tensors to the device, or back.
lum::Fault copy_arguments(lines_model& model, const lines_tensor* tensors, int32_t count, const size_t* offsets,
                   const int64_t* dims, const void* const* inputs, void* const* outputs) {
    for (int32_t i = 0; i < count; ++i) {
        int64_t shape[3] = {}, bytes = tensors[i].element_bytes;
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
int replay(lines_model& model, lum::Graph& graph, Launches&& launches) {
    if (model.sequential || model.keeps_timings) return launches();
    int code = 0;
    if (!graph.recorded()) {
        if (lum::Fault fault = graph.record(model.stream, launches, code)) return model.fail(fault);
        if (code != 0) return code;
    }
    if (lum::Fault fault = graph.launch(model.stream)) return model.fail(fault);
    return 0;
}

int launch_forward(lines_model& model) {
    return replay(model, model.forward_graph, [&] { return forward_kernels(model); });
}

// What a call puts into the stream, and waits for at its end: until then the host's sides of the copies must stay.
int run_in_stream(lines_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs, Dims& values) {
    const lines_entry& known = lines_entries(nullptr)[entry];
    static constexpr size_t kInputOffsets[][3] = {{0, 524288, 1138688}};
    static constexpr size_t kOutputOffsets[][7] = {{1445888, 1970176, 2584576, 3108864, 3633152, 3635200, 3636480}};
    switch (entry) {
        case 0:
            values.s = dims[0];
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

int run_entry(lines_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs) {
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
