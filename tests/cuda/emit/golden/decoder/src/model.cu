// Decoder: memory, weights, and the forward pass.
#include "model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/gemv.cuh"
#include "runtime/attention.cuh"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::DeviceWeights& bound, Weights& weights) {
    bound.as_stored(&weights.embed, "f32", "embed", {32, 16});
    for (int64_t l = 0; l < 2; ++l) {
        Weights::PerL& per_l = weights.per_l[l];
        bound.as_stored(&per_l.g, "f32", "layers." + std::to_string(l) + ".g", {16});
        bound.as_stored(&per_l.wq, "f32", "layers." + std::to_string(l) + ".wq", {16, 16});
        bound.as_stored(&per_l.wk, "f32", "layers." + std::to_string(l) + ".wk", {16, 16});
        bound.as_stored(&per_l.wv, "f32", "layers." + std::to_string(l) + ".wv", {16, 16});
        bound.as_stored(&per_l.wo, "f32", "layers." + std::to_string(l) + ".wo", {16, 16});
    }
}

lum::Fault load_weights(decoder_model& model, const char* path, const decoder_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.loaded, model.weights);
    return model.loaded.load(path, model.stream, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

// Kernels, each with the launch that the largest sizes have work for.
constexpr Launch kLaunches[] = {
    {"embedding_e", 1, 256, 0},
    {"x", 1, 256, 0},
    {"q", 16, 256, lum::skinny_shared_bytes(8, 8, 16, 4)},
    {"update_k", 16, 256, lum::skinny_shared_bytes(8, 8, 16, 4)},
    {"attention_o", 2, 128, lum::FmaAttention<8, 8, 8, 2>::shared_bytes()},
    {"h", 16, 256, lum::skinny_shared_bytes(8, 8, 16, 4)},
    {"logits", 32, 256, lum::skinny_shared_bytes(8, 1, 0, 4)},
};
// Their code, in the same order.
const void* const kCode[] = {
    reinterpret_cast<const void*>(kernels::embedding_e),
    reinterpret_cast<const void*>(kernels::x),
    reinterpret_cast<const void*>(kernels::q),
    reinterpret_cast<const void*>(kernels::update_k),
    reinterpret_cast<const void*>(kernels::attention_o),
    reinterpret_cast<const void*>(kernels::h),
    reinterpret_cast<const void*>(kernels::logits),
};

// Reads and writes whose indices come from data, by the number that their kernel notes them with.
struct Site {
    const char* kernel;
    const char* what;
};
constexpr Site kSites[] = {
    {"embedding_e", "e[t, i] = table[tokens[t], i], axis 0"},
};

}  // namespace

const Launch& decoder_model::launch_of(Kernel kernel) { return kLaunches[static_cast<int>(kernel)]; }

decoder_model::~decoder_model() {
    if (stream == nullptr) return;
    static_cast<void>(cudaStreamSynchronize(stream));
    static_cast<void>(cudaStreamDestroy(stream));
}

int decoder_model::launched(Kernel kernel, cudaError_t status) {
    const char* name = launch_of(kernel).name;
    if (sequential) std::fprintf(stderr, "lum: %s\n", name);
    if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
    if (status != cudaSuccess) return fail(lum::device_fault(status, std::string("kernel ") + name));
    return 0;
}

lum::Fault decoder_model::create(const char* weights_path, const decoder_options& options) {
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
    state.k = at<float>(state_memory.data(), 0);
    state.v = at<float>(state_memory.data(), 1024);
    if (lum::Fault fault = reset_state(nullptr)) return fault;
    return load_weights(*this, weights_path, options);
}

lum::Fault decoder_model::reset_state(const char* name) {
    const lum::OnDevice on_device(device);
    if (name == nullptr || std::strcmp(name, "k") == 0) {
        if (lum::Fault fault = lum::device_fault(cudaMemset(state.k, 0, 1024), "cudaMemset")) return fault;
    }
    if (name == nullptr || std::strcmp(name, "v") == 0) {
        if (lum::Fault fault = lum::device_fault(cudaMemset(state.v, 0, 1024), "cudaMemset")) return fault;
    }
    return lum::device_fault(cudaDeviceSynchronize(), "reset of the state");
}

lum::Fault decoder_model::begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return {};
    return lum::device_fault(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
}

int decoder_model::copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    const lum::OnDevice on_device(device);
    if (lum::Fault fault = begin_copy(to, from, bytes, kind)) return fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(stream), "cudaMemcpyAsync")) return fail(fault);
    return 0;
}

// One kernel, named as its file in kernels/.
#define CALL(kernel, ...) \
    if (const int code = model.launch(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// forward.
static int forward_kernels(decoder_model& model) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    const lum::i32* const tokens = at<lum::i32>(model.argument_memory.data(), 0);  // in, i32[s]
    float* const logits = at<float>(model.argument_memory.data(), 256);  // out, f32[32]
    float* const embedding_e = at<float>(arena, 0);  // f32[s, 16], 512 bytes
    float* const x = at<float>(arena, 512);  // f32[s, 16], 512 bytes
    float* const q = at<float>(arena, 1024);  // f32[s, 2, 8], 512 bytes
    float* const attention_o = at<float>(arena, 512);  // f32[s, 2, 8], 512 bytes

    CALL(embedding_e, tokens, weights.embed, embedding_e, model.dims, model.check);
    for (int64_t l = 0; l < 2; ++l) {
        const Weights::PerL& per_l = weights.per_l[l];
        CALL(x, embedding_e, per_l.g, x, model.dims);
        CALL(q, x, per_l.wq, q, model.dims);
        CALL(update_k, x, per_l.wk, model.state.k, model.dims, l);
        CALL(update_k, x, per_l.wv, model.state.v, model.dims, l);
        CALL(attention_o, q, model.state.k, model.state.v, attention_o, model.dims, l);
        CALL(h, attention_o, per_l.wo, embedding_e, model.dims);
    }
    CALL(logits, embedding_e, weights.embed, logits, model.dims);
    return 0;
}

namespace {

// Begins to bring the bytes of a call's tensors to the device, or back.
lum::Fault copy_arguments(decoder_model& model, const decoder_tensor* tensors, int32_t count, const size_t* offsets,
                   const int64_t* dims, const void* const* inputs, void* const* outputs) {
    for (int32_t i = 0; i < count; ++i) {
        int64_t shape[1] = {}, bytes = tensors[i].element_bytes;
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
int replay(decoder_model& model, lum::Graph& graph, Launches&& launches) {
    if (model.sequential || model.keeps_timings) return launches();
    int code = 0;
    if (!graph.recorded()) {
        if (lum::Fault fault = graph.record(model.stream, launches, code)) return model.fail(fault);
        if (code != 0) return code;
    }
    if (lum::Fault fault = graph.launch(model.stream)) return model.fail(fault);
    return 0;
}

int launch_forward(decoder_model& model) {
    return replay(model, model.forward_graph, [&] { return forward_kernels(model); });
}

// What a call puts into the stream, and waits for at its end: until then the host's sides of the copies must stay.
int run_in_stream(decoder_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs, Dims& values) {
    const decoder_entry& known = decoder_entries(nullptr)[entry];
    static constexpr size_t kInputOffsets[][1] = {{0}};
    static constexpr size_t kOutputOffsets[][1] = {{256}};
    switch (entry) {
        case 0:
            values.s = dims[0];
            values.pos = dims[1];
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

int run_entry(decoder_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs) {
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
