// Llama: memory, weights, and the forward pass.
#include "model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/gemm_mma.cuh"
#include "runtime/gemv.cuh"
#include "runtime/attention.cuh"

namespace {

template <class T>
T* at(std::byte* memory, size_t offset) { return reinterpret_cast<T*>(memory + offset); }

void declare_weights(lum::DeviceWeights& bound, Weights& weights) {
    bound.as_stored(&weights.embed, "bf16", "model.embed_tokens.weight", {128256, 4096});
    bound.as_stored(&weights.norm, "bf16", "model.norm.weight", {4096});
    bound.as_stored(&weights.head, "bf16", "lm_head.weight", {128256, 4096});
    for (int64_t l = 0; l < 32; ++l) {
        Weights::PerL& per_l = weights.per_l[l];
        bound.as_stored(&per_l.attention_norm, "bf16", "model.layers." + std::to_string(l) + ".input_layernorm.weight", {4096});
        bound.as_stored(&per_l.mlp_norm, "bf16", "model.layers." + std::to_string(l) + ".post_attention_layernorm.weight", {4096});
        bound.as_stored(&per_l.self_attn_wq, "bf16", "model.layers." + std::to_string(l) + ".self_attn.q_proj.weight", {4096, 4096});
        bound.as_stored(&per_l.self_attn_wk, "bf16", "model.layers." + std::to_string(l) + ".self_attn.k_proj.weight", {1024, 4096});
        bound.as_stored(&per_l.self_attn_wv, "bf16", "model.layers." + std::to_string(l) + ".self_attn.v_proj.weight", {1024, 4096});
        bound.as_stored(&per_l.self_attn_wo, "bf16", "model.layers." + std::to_string(l) + ".self_attn.o_proj.weight", {4096, 4096});
        bound.as_stored(&per_l.mlp_w_gate, "bf16", "model.layers." + std::to_string(l) + ".mlp.gate_proj.weight", {14336, 4096});
        bound.as_stored(&per_l.mlp_w_up, "bf16", "model.layers." + std::to_string(l) + ".mlp.up_proj.weight", {14336, 4096});
        bound.as_stored(&per_l.mlp_w_down, "bf16", "model.layers." + std::to_string(l) + ".mlp.down_proj.weight", {4096, 14336});
    }
}

lum::Fault load_weights(llama_model& model, const char* path, const llama_options& options) {
    if (path == nullptr) return {"LUM6005", "create: weights is null", "give the path of the checkpoint"};
    declare_weights(model.loaded, model.weights);
    return model.loaded.load(path, model.stream, [&](size_t done, size_t total, const std::string& tensor) {
        if (options.progress != nullptr) options.progress(options.user, done, total, tensor.c_str());
    });
}

// Kernels, each with the launch that the largest sizes have work for.
constexpr Launch kLaunches[] = {
    {"h", 131072, 256, 0},
    {"self_attn_rope_freq", 1, 256, 0},
    {"self_attn_rope_low_cos", 2048, 256, 0},
    {"self_attn_rope_low_sin", 2048, 256, 0},
    {"x", 8192, 256, 128},
    {"self_attn_q", 2048, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"self_attn_k", 512, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"self_attn_attention_score_part", 65536, 256, 0},
    {"update_k_cache", 16384, 256, 0},
    {"update_v_cache", 512, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"self_attn_attention_o", 4096, 128, lum::MmaAttention<128, 128, 4, 1, 64>::shared_bytes()},
    {"h_2", 2048, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"mlp_g_part", 7168, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"mlp_g", 7168, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"h_3", 2048, 256, lum::MmaShape<128, 128, 32, 2, 4, 4>::shared_bytes(2)},
    {"z", 1, 256, 128},
    {"logits", 16032, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"h_s1", 16, 256, 0},
    {"self_attn_rope_low_cos_s1", 1, 256, 0},
    {"self_attn_rope_low_sin_s1", 1, 256, 0},
    {"x_s1", 1, 256, 128},
    {"self_attn_q_s1", 512, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"self_attn_k_s1", 512, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"self_attn_attention_score_part_s1", 8, 256, 0},
    {"update_k_cache_s1", 2, 256, 0},
    {"update_v_cache_s1", 512, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"self_attn_attention_o_s1_parts", 264, 128, lum::MmaAttention<128, 128, 1, 4, 16>::shared_bytes()},
    {"self_attn_attention_o_s1", 16, 256, 0},
    {"h_2_s1", 512, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"mlp_g_part_s1", 1792, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"mlp_g_s1", 1792, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
    {"h_3_s1", 512, 256, lum::skinny_shared_bytes(8, 1, 0, 2)},
};
// Their code, in the same order.
const void* const kCode[] = {
    reinterpret_cast<const void*>(kernels::h),
    reinterpret_cast<const void*>(kernels::self_attn_rope_freq),
    reinterpret_cast<const void*>(kernels::self_attn_rope_low_cos),
    reinterpret_cast<const void*>(kernels::self_attn_rope_low_sin),
    reinterpret_cast<const void*>(kernels::x),
    reinterpret_cast<const void*>(kernels::self_attn_q),
    reinterpret_cast<const void*>(kernels::self_attn_k),
    reinterpret_cast<const void*>(kernels::self_attn_attention_score_part),
    reinterpret_cast<const void*>(kernels::update_k_cache),
    reinterpret_cast<const void*>(kernels::update_v_cache),
    reinterpret_cast<const void*>(kernels::self_attn_attention_o),
    reinterpret_cast<const void*>(kernels::h_2),
    reinterpret_cast<const void*>(kernels::mlp_g_part),
    reinterpret_cast<const void*>(kernels::mlp_g),
    reinterpret_cast<const void*>(kernels::h_3),
    reinterpret_cast<const void*>(kernels::z),
    reinterpret_cast<const void*>(kernels::logits),
    reinterpret_cast<const void*>(kernels::h_s1),
    reinterpret_cast<const void*>(kernels::self_attn_rope_low_cos_s1),
    reinterpret_cast<const void*>(kernels::self_attn_rope_low_sin_s1),
    reinterpret_cast<const void*>(kernels::x_s1),
    reinterpret_cast<const void*>(kernels::self_attn_q_s1),
    reinterpret_cast<const void*>(kernels::self_attn_k_s1),
    reinterpret_cast<const void*>(kernels::self_attn_attention_score_part_s1),
    reinterpret_cast<const void*>(kernels::update_k_cache_s1),
    reinterpret_cast<const void*>(kernels::update_v_cache_s1),
    reinterpret_cast<const void*>(kernels::self_attn_attention_o_s1_parts),
    reinterpret_cast<const void*>(kernels::self_attn_attention_o_s1),
    reinterpret_cast<const void*>(kernels::h_2_s1),
    reinterpret_cast<const void*>(kernels::mlp_g_part_s1),
    reinterpret_cast<const void*>(kernels::mlp_g_s1),
    reinterpret_cast<const void*>(kernels::h_3_s1),
};

// Reads and writes whose indices come from data, by the number that their kernel notes them with.
struct Site {
    const char* kernel;
    const char* what;
};
constexpr Site kSites[] = {
    {"h", "h[t, d] = embed[tokens[t], d], axis 0"},
    {"h_s1", "h[t, d] = embed[tokens[t], d], axis 0"},
};

}  // namespace

const Launch& llama_model::launch_of(Kernel kernel) { return kLaunches[static_cast<int>(kernel)]; }

llama_model::~llama_model() {
    if (stream == nullptr) return;
    static_cast<void>(cudaStreamSynchronize(stream));
    static_cast<void>(cudaStreamDestroy(stream));
}

int llama_model::launched(Kernel kernel, cudaError_t status) {
    const char* name = launch_of(kernel).name;
    if (sequential) std::fprintf(stderr, "lum: %s\n", name);
    if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
    if (status != cudaSuccess) return fail(lum::device_fault(status, std::string("kernel ") + name));
    return 0;
}

lum::Fault llama_model::create(const char* weights_path, const llama_options& options) {
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
    state.k_cache = at<lum::bf16>(state_memory.data(), 0);
    state.v_cache = at<lum::bf16>(state_memory.data(), 536870912);
    if (lum::Fault fault = reset_state(nullptr)) return fault;
    return load_weights(*this, weights_path, options);
}

lum::Fault llama_model::reset_state(const char* name) {
    const lum::OnDevice on_device(device);
    if (name == nullptr || std::strcmp(name, "k_cache") == 0) {
        if (lum::Fault fault = lum::device_fault(cudaMemset(state.k_cache, 0, 536870912), "cudaMemset")) return fault;
    }
    if (name == nullptr || std::strcmp(name, "v_cache") == 0) {
        if (lum::Fault fault = lum::device_fault(cudaMemset(state.v_cache, 0, 536870912), "cudaMemset")) return fault;
    }
    return lum::device_fault(cudaDeviceSynchronize(), "reset of the state");
}

lum::Fault llama_model::begin_copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return {};
    return lum::device_fault(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
}

int llama_model::copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    const lum::OnDevice on_device(device);
    if (lum::Fault fault = begin_copy(to, from, bytes, kind)) return fail(fault);
    if (lum::Fault fault = lum::device_fault(cudaStreamSynchronize(stream), "cudaMemcpyAsync")) return fail(fault);
    return 0;
}

// One kernel, named as its file in kernels/.
#define CALL(kernel, ...) \
    if (const int code = model.launch(Kernel::kernel, kernels::kernel, __VA_ARGS__)) return code

// forward where s == 1.
static int forward_s1_kernels(llama_model& model) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    const lum::i32* const tokens = at<lum::i32>(model.argument_memory.data(), 0);  // in, i32[s]
    lum::bf16* const logits = at<lum::bf16>(model.argument_memory.data(), 32768);  // out, bf16[128256]
    lum::bf16* const h = at<lum::bf16>(arena, 86016);  // bf16[1, 4096], 8.0 KiB
    float* const self_attn_rope_low_cos = at<float>(arena, 110592);  // f32[1, 64], 256 bytes
    float* const self_attn_rope_low_sin = at<float>(arena, 110848);  // f32[1, 64], 256 bytes
    lum::bf16* const x = at<lum::bf16>(arena, 0);  // bf16[1, 4096], 8.0 KiB
    lum::bf16* const self_attn_q = at<lum::bf16>(arena, 8192);  // bf16[1, 32, 128], 8.0 KiB
    lum::bf16* const self_attn_k = at<lum::bf16>(arena, 24576);  // bf16[1, 8, 128], 2.0 KiB
    lum::bf16* const self_attn_attention_score_part = at<lum::bf16>(arena, 16384);  // bf16[1, 32, 128], 8.0 KiB
    lum::bf16* const self_attn_attention_o = at<lum::bf16>(arena, 0);  // bf16[1, 32, 128], 8.0 KiB
    lum::bf16* const h_2 = at<lum::bf16>(arena, 94208);  // bf16[1, 4096], 8.0 KiB
    lum::bf16* const y = at<lum::bf16>(arena, 102400);  // bf16[1, 4096], 8.0 KiB
    float* const mlp_g_part = at<float>(arena, 0);  // f32[1, 14336], 56 KiB
    lum::bf16* const mlp_g = at<lum::bf16>(arena, 57344);  // bf16[1, 14336], 28 KiB
    lum::bf16* const z = at<lum::bf16>(arena, 0);  // bf16[4096], 8.0 KiB

    CALL(h_s1, tokens, weights.embed, h, model.check);  // h
    CALL(self_attn_rope_low_cos_s1, self_attn_rope_low_cos, model.dims);
    CALL(self_attn_rope_low_sin_s1, self_attn_rope_low_sin, model.dims);
    for (int64_t l = 0; l < 32; ++l) {
        const Weights::PerL& per_l = weights.per_l[l];
        CALL(x_s1, h, per_l.attention_norm, x);  // x
        CALL(self_attn_q_s1, x, per_l.self_attn_wq, self_attn_q);  // self_attn.q
        CALL(self_attn_k_s1, x, per_l.self_attn_wk, self_attn_k);  // self_attn.k
        CALL(self_attn_attention_score_part_s1, self_attn_q, self_attn_rope_low_cos, self_attn_rope_low_sin,
             self_attn_attention_score_part);
        CALL(update_k_cache_s1, self_attn_k, self_attn_rope_low_cos, self_attn_rope_low_sin, model.state.k_cache,
             model.dims, l);
        CALL(update_v_cache_s1, x, per_l.self_attn_wv, model.state.v_cache, model.dims, l);
        CALL(self_attn_attention_o_s1_parts, self_attn_attention_score_part, model.state.k_cache, model.state.v_cache,
             at<float>(arena, 910163968), at<float>(arena, 910704640), model.dims, l);  // self_attn.attention.o
        CALL(self_attn_attention_o_s1, at<float>(arena, 910163968), at<float>(arena, 910704640),
             self_attn_attention_o);  // self_attn.attention.o
        CALL(h_2_s1, self_attn_attention_o, per_l.self_attn_wo, h, h_2);  // h
        CALL(x_s1, h_2, per_l.mlp_norm, y);  // y
        CALL(mlp_g_part_s1, y, per_l.mlp_w_gate, mlp_g_part);
        CALL(mlp_g_s1, y, per_l.mlp_w_up, mlp_g_part, mlp_g);  // mlp.g
        CALL(h_3_s1, mlp_g, per_l.mlp_w_down, h_2, h);  // h
    }
    CALL(x_s1, h, weights.norm, z);  // z
    CALL(logits, z, weights.head, logits);
    return 0;
}

// forward.
static int forward_kernels(llama_model& model) {
    const Weights& weights = model.weights;
    std::byte* const arena = model.arena_memory.data();
    const lum::i32* const tokens = at<lum::i32>(model.argument_memory.data(), 0);  // in, i32[s]
    lum::bf16* const logits = at<lum::bf16>(model.argument_memory.data(), 32768);  // out, bf16[128256]
    lum::bf16* const h = at<lum::bf16>(arena, 704643072);  // bf16[s, 4096], 64 MiB
    float* const self_attn_rope_freq = at<float>(arena, 0);  // f32[64], 256 bytes
    float* const self_attn_rope_low_cos = at<float>(arena, 905969664);  // f32[s, 64], 2.0 MiB
    float* const self_attn_rope_low_sin = at<float>(arena, 908066816);  // f32[s, 64], 2.0 MiB
    lum::bf16* const x = at<lum::bf16>(arena, 0);  // bf16[s, 4096], 64 MiB
    lum::bf16* const self_attn_q = at<lum::bf16>(arena, 67108864);  // bf16[s, 32, 128], 64 MiB
    lum::bf16* const self_attn_k = at<lum::bf16>(arena, 201326592);  // bf16[s, 8, 128], 16 MiB
    lum::bf16* const self_attn_attention_score_part = at<lum::bf16>(arena, 134217728);  // bf16[s, 32, 128], 64 MiB
    lum::bf16* const self_attn_attention_o = at<lum::bf16>(arena, 0);  // bf16[s, 32, 128], 64 MiB
    lum::bf16* const h_2 = at<lum::bf16>(arena, 771751936);  // bf16[s, 4096], 64 MiB
    lum::bf16* const y = at<lum::bf16>(arena, 838860800);  // bf16[s, 4096], 64 MiB
    float* const mlp_g_part = at<float>(arena, 0);  // f32[s, 14336], 448 MiB
    lum::bf16* const mlp_g = at<lum::bf16>(arena, 469762048);  // bf16[s, 14336], 224 MiB
    lum::bf16* const z = at<lum::bf16>(arena, 0);  // bf16[4096], 8.0 KiB

    CALL(h, tokens, weights.embed, h, model.dims, model.check);
    CALL(self_attn_rope_freq, self_attn_rope_freq);
    CALL(self_attn_rope_low_cos, self_attn_rope_freq, self_attn_rope_low_cos, model.dims);
    CALL(self_attn_rope_low_sin, self_attn_rope_freq, self_attn_rope_low_sin, model.dims);
    for (int64_t l = 0; l < 32; ++l) {
        const Weights::PerL& per_l = weights.per_l[l];
        CALL(x, h, per_l.attention_norm, x, model.dims);
        CALL(self_attn_q, x, per_l.self_attn_wq, self_attn_q, model.dims);
        CALL(self_attn_k, x, per_l.self_attn_wk, self_attn_k, model.dims);
        CALL(self_attn_attention_score_part, self_attn_q, self_attn_rope_low_cos, self_attn_rope_low_sin,
             self_attn_attention_score_part, model.dims);
        CALL(update_k_cache, self_attn_k, self_attn_rope_low_cos, self_attn_rope_low_sin, model.state.k_cache,
             model.dims, l);
        CALL(update_v_cache, x, per_l.self_attn_wv, model.state.v_cache, model.dims, l);
        CALL(self_attn_attention_o, self_attn_attention_score_part, model.state.k_cache, model.state.v_cache,
             self_attn_attention_o, model.dims, l);
        CALL(h_2, self_attn_attention_o, per_l.self_attn_wo, h, h_2, model.dims);  // h
        CALL(x, h_2, per_l.mlp_norm, y, model.dims);  // y
        CALL(mlp_g_part, y, per_l.mlp_w_gate, mlp_g_part, model.dims);
        CALL(mlp_g, y, per_l.mlp_w_up, mlp_g_part, mlp_g, model.dims);
        CALL(h_3, mlp_g, per_l.mlp_w_down, h_2, h, model.dims);  // h
    }
    CALL(z, h, weights.norm, z, model.dims);
    CALL(logits, z, weights.head, logits);
    return 0;
}

namespace {

// Begins to bring the bytes of a call's tensors to the device, or back.
lum::Fault copy_arguments(llama_model& model, const llama_tensor* tensors, int32_t count, const size_t* offsets,
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
int replay(llama_model& model, lum::Graph& graph, Launches&& launches) {
    if (model.sequential || model.keeps_timings) return launches();
    int code = 0;
    if (!graph.recorded()) {
        if (lum::Fault fault = graph.record(model.stream, launches, code)) return model.fail(fault);
        if (code != 0) return code;
    }
    if (lum::Fault fault = graph.launch(model.stream)) return model.fail(fault);
    return 0;
}

int launch_forward(llama_model& model, const int64_t* dims) {
    const int64_t s = dims[0];
    if (s == 1) return replay(model, model.forward_s1_graph, [&] { return forward_s1_kernels(model); });
    return replay(model, model.forward_graph, [&] { return forward_kernels(model); });
}

// What a call puts into the stream, and waits for at its end: until then the host's sides of the copies must stay.
int run_in_stream(llama_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs, Dims& values) {
    const llama_entry& known = llama_entries(nullptr)[entry];
    static constexpr size_t kInputOffsets[][1] = {{0}};
    static constexpr size_t kOutputOffsets[][1] = {{32768}};
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
        case 0: code = launch_forward(model, dims); break;
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

int run_entry(llama_model& model, int entry, const int64_t* dims, const void* const* inputs, void* const* outputs) {
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
