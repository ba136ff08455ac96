// Families: memory, weights, and the forward pass.
#include "model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/gemm_mma.cuh"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::DeviceWeights& bound, Weights& weights) {
    bound.as_stored(&weights.table, "f16", "table", {50, 64});
    bound.as_stored(&weights.w, "f16", "w", {48, 64});
}

lum::Fault load_weights(families_model& model, const char* path, const families_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.loaded, model.weights);
    return model.loaded.load(path, model.stream, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

// Kernels, each with the launch that the largest sizes have work for.
constexpr Launch kLaunches[] = {
    {"e", 10, 256, 0},
    {"update_cache", 10, 256, 0},
    {"score", 6, 128, lum::MmaShape<16, 64, 128, 1, 4, 4>::shared_bytes(2)},
    {"p", 5, 256, 0},
    {"projected", 3, 128, lum::MmaShape<16, 64, 128, 1, 4, 4>::shared_bytes(2)},
    {"place", 40, 256, 128},
    {"running", 40, 256, 128},
    {"order_topk", 1, 256, 12800},
    {"order", 1, 256, 0},
    {"word_parts", 13, 256, 12800},
    {"word", 1, 256, 12800},
    {"logit", 1, 256, 0},
    {"total_parts", 59, 256, 128},
    {"total", 1, 256, 0},
    {"scaled", 1, 256, 0},
};
// Their code, in the same order.
const void* const kCode[] = {
    reinterpret_cast<const void*>(kernels::e),
    reinterpret_cast<const void*>(kernels::update_cache),
    reinterpret_cast<const void*>(kernels::score),
    reinterpret_cast<const void*>(kernels::p),
    reinterpret_cast<const void*>(kernels::projected),
    reinterpret_cast<const void*>(kernels::place),
    reinterpret_cast<const void*>(kernels::running),
    reinterpret_cast<const void*>(kernels::order_topk),
    reinterpret_cast<const void*>(kernels::order),
    reinterpret_cast<const void*>(kernels::word_parts),
    reinterpret_cast<const void*>(kernels::word),
    reinterpret_cast<const void*>(kernels::logit),
    reinterpret_cast<const void*>(kernels::total_parts),
    reinterpret_cast<const void*>(kernels::total),
    reinterpret_cast<const void*>(kernels::scaled),
};

// Reads and writes whose indices come from data, by the number that their kernel notes them with.
struct Site {
    const char* kernel;
    const char* what;
};
constexpr Site kSites[] = {
    {"e", "e[t, d] = table[tokens[t], d], axis 0"},
    {"order", "output order = sort(x[0, 0..40]), axis 0"},
    {"logit", "logit, word = top_k(logits, 40), axis 0"},
};

}  // namespace

const Launch& families_model::launch_of(Kernel kernel) { return kLaunches[static_cast<int>(kernel)]; }

families_model::~families_model() {
    if (stream == nullptr) return;
    static_cast<void>(cudaStreamSynchronize(stream));
    static_cast<void>(cudaStreamDestroy(stream));
}

int families_model::launched(Kernel kernel, cudaError_t status) {
    const char* name = launch_of(kernel).name;
    if (sequential) std::fprintf(stderr, "lum: %s\n", name);
    if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
    if (status != cudaSuccess) return fail(lum::device_fault(status, std::string("kernel ") + name));
    return 0;
}

lum::Fault families_model::create(const char* weights_path, const families_options& options) {
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
    state.cache = at<lum::f16>(state_memory.data(), 0);
    if (lum::Fault fault = reset_state(nullptr)) return fault;
    return load_weights(*this, weights_path, options);
}

lum::Fault families_model::reset_state(const char* name) {
    const lum::OnDevice on_device(device);
    if (name == nullptr || std::strcmp(name, "cache") == 0) {
        if (lum::Fault fault = lum::device_fault(cudaMemset(state.cache, 0, 12800), "cudaMemset")) return fault;
    }
    return lum::device_fault(cudaDeviceSynchronize(), "reset of the state");
}

lum::Fault families_model::begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return {};
    return lum::device_fault(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
}

int families_model::copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    const lum::OnDevice on_device(device);
    if (lum::Fault fault = begin_copy(to, from, bytes, kind)) return fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(stream), "cudaMemcpyAsync")) return fail(fault);
    return 0;
}

// One kernel, named as its file in kernels/.
#define CALL(kernel, ...) \
    if (const int code = model.launch(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// forward.
static int forward_kernels(families_model& model) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    const lum::i32* const tokens = at<lum::i32>(model.argument_memory.data(), 0);  // in, i32[s]
    const float* const x = at<float>(model.argument_memory.data(), 256);  // in, f32[s, 3000]
    const float* const logits = at<float>(model.argument_memory.data(), 480256);  // in, f32[50257]
    lum::f16* const p = at<lum::f16>(model.argument_memory.data(), 681472);  // out, f16[s, pos + s]
    lum::f16* const projected = at<lum::f16>(model.argument_memory.data(), 689664);  // out, f16[s, 48]
    lum::i32* const place = at<lum::i32>(model.argument_memory.data(), 693504);  // out, i32[s]
    float* const running = at<float>(model.argument_memory.data(), 693760);  // out, f32[s, 3000]
    float* const order = at<float>(model.argument_memory.data(), 1173760);  // out, f32[40]
    float* const best = at<float>(model.argument_memory.data(), 1174016);  // out, f32[40]
    lum::i32* const word_of_best = at<lum::i32>(model.argument_memory.data(), 1174272);  // out, i32[40]
    float* const total = at<float>(model.argument_memory.data(), 1174528);  // out, f32[]
    float* const scaled = at<float>(model.argument_memory.data(), 1174784);  // out, f32[s, 4]
    lum::f16* const e = at<lum::f16>(arena, 8000);  // f16[s, 64], 5.0 KiB
    lum::f16* const score = at<lum::f16>(arena, 0);  // f16[s, pos + s], 7.8 KiB
    lum::i32* const order_topk = at<lum::i32>(arena, 0);  // i32[40], 160 bytes

    CALL(e, tokens, weights.table, e, model.dims, model.check);
    CALL(update_cache, e, model.state.cache, model.dims);
    CALL(score, e, model.state.cache, score, model.dims);
    CALL(p, score, p, model.dims);
    CALL(projected, e, weights.w, projected, model.dims);
    CALL(place, x, place, model.dims);
    CALL(running, x, running, model.dims);
    CALL(order_topk, x, order_topk);
    CALL(order, order_topk, x, order, model.check);
    CALL(word_parts, logits, at<lum::i32>(arena, 13312));  // word
    CALL(word, logits, at<lum::i32>(arena, 13312), word_of_best);
    CALL(logit, word_of_best, logits, best, model.check);
    CALL(total_parts, x, at<float>(arena, 13312), model.dims);  // total
    CALL(total, at<float>(arena, 13312), total);
    CALL(scaled, x, scaled, model.dims);
    return 0;
}

namespace {

// Begins to bring the bytes of a call's tensors to the device, or back.
lum::Fault copy_arguments(families_model& model, const families_tensor* tensors, int32_t count, const size_t* offsets,
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
int replay(families_model& model, lum::Graph& graph, Launches&& launches) {
    if (model.sequential || model.keeps_timings) return launches();
    int code = 0;
    if (!graph.recorded()) {
        if (lum::Fault fault = graph.record(model.stream, launches, code)) return model.fail(fault);
        if (code != 0) return code;
    }
    if (lum::Fault fault = graph.launch(model.stream)) return model.fail(fault);
    return 0;
}

int launch_forward(families_model& model) {
    return replay(model, model.forward_graph, [&] { return forward_kernels(model); });
}

// What a call puts into the stream, and waits for at its end: until then the host's sides of the copies must stay.
int run_in_stream(families_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs, Dims& values) {
    const families_entry& known = families_entries(nullptr)[entry];
    static constexpr size_t kInputOffsets[][3] = {{0, 256, 480256}};
    static constexpr size_t kOutputOffsets[][9] = {{681472, 689664, 693504, 693760, 1173760, 1174016, 1174272, 1174528, 1174784}};
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

int run_entry(families_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs) {
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
