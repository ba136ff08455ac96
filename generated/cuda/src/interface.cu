// The C interface: checks arguments, runs, and turns what went wrong into a number and a text.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>

#include "model.h"

namespace {

thread_local std::string create_fault;

// "LUM6007" → 6007
int number_of(const lum::Fault& fault) { return std::atoi(fault.code.c_str() + 3); }

struct Named {
    const char* name;
    int64_t value;
};

// One call: the arguments are checked one after the other, and the first fault is kept.
class Call {
 public:
    Call(llama_model* model, const char* function, std::initializer_list<Named> dims)
        : model_(model), function_(function), dim_count_(dims.size()) {
        std::copy(dims.begin(), dims.end(), dims_);
        if (model == nullptr) {
            create_fault = "LUM6005: " + std::string(function) + ": model is null";
            code_ = 6005;
        }
    }

    void dim(const char* name, int64_t value, int64_t low, int64_t high, const char* range) {
        if (code_ != 0 || (value >= low && value <= high)) return;
        const std::string ends = std::to_string(low) + ".." + std::to_string(high);
        fail({"LUM6002",
              text() + ": " + name + " = " + std::to_string(value) + " is outside of " + range +
                  (ends == range ? "" : ", here " + ends),
              "the bounds are those of the `dim` in llama.lum"});
    }

    void pointer(const char* name, const void* value) {
        if (code_ != 0 || value != nullptr) return;
        fail({"LUM6005", text() + ": " + name + " is null", "every input and output needs memory"});
    }

    bool failed() const { return code_ != 0; }
    int code() const { return code_; }

    int fail(lum::Fault fault) {
        code_ = number_of(fault);
        model_->fault = fault.text();
        return code_;
    }

    // The result of a run; its fault gets the call's name and sizes in front.
    int end(int code) {
        if (code == 0) return 0;
        const std::string& fault = model_->fault;  // "LUM6007: kernel ..."
        model_->fault = fault.substr(0, 9) + text() + ": " + fault.substr(9);
        return code;
    }

 private:
    // "forward(s = 4, pos = 0)"
    std::string text() const {
        std::string text = std::string(function_) + "(";
        for (size_t i = 0; i < dim_count_; ++i) {
            if (i > 0) text += ", ";
            text += dims_[i].name + (" = " + std::to_string(dims_[i].value));
        }
        return text + ")";
    }

    llama_model* model_;
    const char* function_;
    Named dims_[2] = {};
    size_t dim_count_;
    int code_ = 0;
};

struct StatePlace {
    const char* name;
    void* data;
    int64_t bytes;
};

// A state by name; reports when there is none, or when `bytes` isn't its size.
StatePlace find_state(llama_model& model, const char* name, int64_t bytes, Call& call) {
    const StatePlace states[] = {
        {"k_cache", model.state.k_cache, 536870912},
        {"v_cache", model.state.v_cache, 536870912},
    };
    std::string known;
    for (const StatePlace& state : states) {
        known += std::string(known.empty() ? "" : ", ") + state.name;
        if (std::strcmp(name, state.name) != 0) continue;
        if (bytes == state.bytes) return state;
        call.fail({"LUM6003",
                   std::string(name) + " has " + std::to_string(bytes) + " bytes, expected " + std::to_string(state.bytes),
                   "pass the whole state"});
        return state;
    }
    call.fail({"LUM6004", "no state \"" + std::string(name) + "\"; known: " + known, "check the spelling"});
    return states[0];
}

constexpr llama_dim forward_dims[] = {
    {"s", "1..8192",
     [](const int64_t*, int64_t* low, int64_t* high) {
         *low = 1;
         *high = 8192;
     }},
    {"pos", "0..8192 - s",
     [](const int64_t* dims, int64_t* low, int64_t* high) {
         *low = 0;
         *high = 8192 - dims[0];
     }},
};
constexpr llama_tensor forward_inputs[] = {
    {"tokens", "i32", 4, 1, "i32[s]",
     [](const int64_t* dims, int64_t* shape) { shape[0] = dims[0]; }},
};
constexpr llama_tensor forward_outputs[] = {
    {"logits", "bf16", 2, 1, "bf16[128256]",
     [](const int64_t*, int64_t* shape) { shape[0] = 128256; }},
};

constexpr llama_entry entries[] = {
    {"forward", 2, 1, 1, 0,
     forward_dims, forward_inputs, forward_outputs, nullptr},
};

}  // namespace

int llama_model::fail(const lum::Fault& what) {
    fault = what.text();
    return number_of(what);
}

extern "C" {

int llama_create(const char* weights, const llama_options* options, llama_model** model) {
    if (model == nullptr) {
        create_fault = "LUM6005: create: model is null";
        return 6005;
    }
    *model = nullptr;
    lum::Fault fault;
    try {
        auto made = std::make_unique<llama_model>();
        fault = made->create(weights, options != nullptr ? *options : llama_options{});
        if (!fault) {
            *model = made.release();
            return 0;
        }
    } catch (const std::bad_alloc&) {
        fault = {"LUM6006", "create: no memory", "free memory"};
    }
    create_fault = fault.text();
    return number_of(fault);
}

void llama_destroy(llama_model* model) { delete model; }

const char* llama_error(const llama_model* model) {
    return model != nullptr ? model->fault.c_str() : create_fault.c_str();
}

int llama_forward(llama_model* model, int64_t s, int64_t pos, const int32_t* tokens, uint16_t* logits) {
    Call call(model, "forward", {{"s", s}, {"pos", pos}});
    call.dim("s", s, 1, 8192, "1..8192");
    call.dim("pos", pos, 0, 8192 - s, "0..8192 - s");
    call.pointer("tokens", tokens);
    call.pointer("logits", logits);
    if (call.failed()) return call.code();
    const int64_t dims[] = {s, pos};
    const void* const inputs[] = {tokens};
    void* const outputs[] = {logits};
    return call.end(run_entry(*model, 0, dims, inputs, outputs));
}

int llama_read_state(llama_model* model, const char* name, void* data, int64_t bytes) {
    Call call(model, "read_state", {});
    call.pointer("name", name);
    call.pointer("data", data);
    if (call.failed()) return call.code();
    const StatePlace state = find_state(*model, name, bytes, call);
    return call.failed() ? call.code() : model->copy(data, state.data, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost);
}

int llama_write_state(llama_model* model, const char* name, const void* data, int64_t bytes) {
    Call call(model, "write_state", {});
    call.pointer("name", name);
    call.pointer("data", data);
    if (call.failed()) return call.code();
    const StatePlace state = find_state(*model, name, bytes, call);
    return call.failed() ? call.code() : model->copy(state.data, data, static_cast<size_t>(bytes), cudaMemcpyHostToDevice);
}

int llama_reset_state(llama_model* model, const char* name) {
    Call call(model, "reset_state", {});
    const bool is_known = name == nullptr || std::strcmp(name, "k_cache") == 0 || std::strcmp(name, "v_cache") == 0;
    if (call.failed()) return call.code();
    if (!is_known) return call.fail({"LUM6004", "no state \"" + std::string(name) + "\"", "check the spelling"});
    const lum::Fault fault = model->reset_state(name);
    return fault ? call.fail(fault) : 0;
}

const llama_entry* llama_entries(int32_t* count) {
    if (count != nullptr) *count = static_cast<int32_t>(sizeof(entries) / sizeof(entries[0]));
    return entries;
}

const llama_entry* llama_find_entry(const char* name) {
    for (const llama_entry& entry : entries)
        if (name != nullptr && std::strcmp(name, entry.name) == 0) return &entry;
    return nullptr;
}

int llama_run(llama_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs) {
    Call call(model, "run", {});
    const llama_entry* found = llama_find_entry(entry);
    if (call.failed()) return call.code();
    if (found == nullptr) {
        return call.fail({"LUM6004", "run: no entry \"" + std::string(entry != nullptr ? entry : "") + "\"", "check the spelling"});
    }
    if (found->dim_count > 0) call.pointer("dims", dims);
    if (found->input_count > 0) call.pointer("inputs", static_cast<const void*>(inputs));
    if (found->output_count > 0) call.pointer("outputs", static_cast<const void*>(outputs));
    if (call.failed()) return call.code();
    switch (found - entries) {
        case 0: return llama_forward(model, dims[0], dims[1], static_cast<const int32_t*>(inputs[0]), static_cast<uint16_t*>(outputs[0]));
        default: return 0;
    }
}

int llama_read_tap(llama_model* model, const char*, const char*, void*, int64_t) {
    Call call(model, "read_tap", {});
    if (call.failed()) return call.code();
    return call.fail({"LUM6004", "read_tap: this model has no taps", "write `tap NAME` in llama.lum"});
}

int32_t llama_timings(const llama_model* model, llama_timing* timings, int32_t room) {
    for (int32_t i = 0; model != nullptr && i < kKernelCount && i < room; ++i) {
        const Timing& timing = model->timings[static_cast<size_t>(i)];
        timings[i] = {llama_model::launch_of(static_cast<Kernel>(i)).name, timing.calls, timing.seconds};
    }
    if (model == nullptr || !model->times_calls) return kKernelCount;
    const Timing& calls = model->timings[kKernelCount];
    if (room > kKernelCount) timings[kKernelCount] = {"the call", calls.calls, calls.seconds};
    return kKernelCount + 1;
}

void llama_reset_timings(llama_model* model) {
    if (model != nullptr) model->timings.fill({});
}

}  // extern "C"
