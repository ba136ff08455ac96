// The C interface: checks arguments, runs, and turns what went wrong into a number and a text.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>

#include "model.h"
#include "runtime/parallel.h"

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
    Call(gpt_model* model, const char* function, std::initializer_list<Named> dims)
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
              "the bounds are those of the `dim` in gpt.lum"});
    }

    void pointer(const char* name, const void* value) {
        if (code_ != 0 || value != nullptr) return;
        fail({"LUM6005", text() + ": " + name + " is null", "every input and output needs memory"});
    }

    bool failed() const { return code_ != 0; }
    int code() const { return code_; }

    // Readies the model for a run.
    void begin() {
        lum::set_threads(model_->threads);
        model_->indices.clear();
    }

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

    gpt_model* model_;
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
StatePlace find_state(gpt_model& model, const char* name, int64_t bytes, Call& call) {
    const StatePlace states[] = {
        {"k_cache", model.state.k_cache, 819200},
        {"v_cache", model.state.v_cache, 819200},
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

constexpr gpt_dim forward_dims[] = {
    {"s", "1..256",
     [](const int64_t*, int64_t* low, int64_t* high) {
         *low = 1;
         *high = 256;
     }},
    {"pos", "0..256 - s",
     [](const int64_t* dims, int64_t* low, int64_t* high) {
         *low = 0;
         *high = 256 - dims[0];
     }},
};
constexpr gpt_tensor forward_inputs[] = {
    {"tokens", "i32", 4, 1, "i32[s]",
     [](const int64_t* dims, int64_t* shape) { shape[0] = dims[0]; }},
};
constexpr gpt_tensor forward_outputs[] = {
    {"logits", "f32", 4, 1, "f32[1536]",
     [](const int64_t*, int64_t* shape) { shape[0] = 1536; }},
};

constexpr gpt_entry entries[] = {
    {"forward", 2, 1, 1, 0,
     forward_dims, forward_inputs, forward_outputs, nullptr},
};

}  // namespace

int gpt_model::fail(const lum::Fault& what) {
    fault = what.text();
    return number_of(what);
}

int gpt_model::index_fault(Kernel kernel) {
    return fail({"LUM6007",
                 std::string("kernel ") + name_of(kernel) + ": " + indices.what() + ": index " +
                     std::to_string(indices.index()) + " is outside of 0.." + std::to_string(indices.size() - 1),
                 "indices come from an input: check its values"});
}

extern "C" {

int gpt_create(const char* weights, const gpt_options* options, gpt_model** model) {
    if (model == nullptr) {
        create_fault = "LUM6005: create: model is null";
        return 6005;
    }
    *model = nullptr;
    lum::Fault fault;
    try {
        auto made = std::make_unique<gpt_model>();
        fault = made->create(weights, options != nullptr ? *options : gpt_options{});
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

void gpt_destroy(gpt_model* model) { delete model; }

const char* gpt_error(const gpt_model* model) {
    return model != nullptr ? model->fault.c_str() : create_fault.c_str();
}

int gpt_forward(gpt_model* model, int64_t s, int64_t pos, const int32_t* tokens, float* logits) {
    Call call(model, "forward", {{"s", s}, {"pos", pos}});
    call.dim("s", s, 1, 256, "1..256");
    call.dim("pos", pos, 0, 256 - s, "0..256 - s");
    call.pointer("tokens", tokens);
    call.pointer("logits", logits);
    if (call.failed()) return call.code();
    call.begin();
    return call.end(run_forward(*model, s, pos, tokens, logits));
}

int gpt_read_state(gpt_model* model, const char* name, void* data, int64_t bytes) {
    Call call(model, "read_state", {});
    call.pointer("name", name);
    call.pointer("data", data);
    if (call.failed()) return call.code();
    const StatePlace state = find_state(*model, name, bytes, call);
    if (!call.failed()) std::memcpy(data, state.data, static_cast<size_t>(bytes));
    return call.code();
}

int gpt_write_state(gpt_model* model, const char* name, const void* data, int64_t bytes) {
    Call call(model, "write_state", {});
    call.pointer("name", name);
    call.pointer("data", data);
    if (call.failed()) return call.code();
    const StatePlace state = find_state(*model, name, bytes, call);
    if (!call.failed()) std::memcpy(state.data, data, static_cast<size_t>(bytes));
    return call.code();
}

int gpt_reset_state(gpt_model* model, const char* name) {
    Call call(model, "reset_state", {});
    const bool is_known = name == nullptr || std::strcmp(name, "k_cache") == 0 || std::strcmp(name, "v_cache") == 0;
    if (call.failed()) return call.code();
    if (!is_known) return call.fail({"LUM6004", "no state \"" + std::string(name) + "\"", "check the spelling"});
    model->reset_state(name);
    return 0;
}

const gpt_entry* gpt_entries(int32_t* count) {
    if (count != nullptr) *count = static_cast<int32_t>(sizeof(entries) / sizeof(entries[0]));
    return entries;
}

const gpt_entry* gpt_find_entry(const char* name) {
    for (const gpt_entry& entry : entries)
        if (name != nullptr && std::strcmp(name, entry.name) == 0) return &entry;
    return nullptr;
}

int gpt_run(gpt_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs) {
    Call call(model, "run", {});
    const gpt_entry* found = gpt_find_entry(entry);
    if (call.failed()) return call.code();
    if (found == nullptr) {
        return call.fail({"LUM6004", "run: no entry \"" + std::string(entry != nullptr ? entry : "") + "\"", "check the spelling"});
    }
    if (found->dim_count > 0) call.pointer("dims", dims);
    if (found->input_count > 0) call.pointer("inputs", static_cast<const void*>(inputs));
    if (found->output_count > 0) call.pointer("outputs", static_cast<const void*>(outputs));
    if (call.failed()) return call.code();
    switch (found - entries) {
        case 0: return gpt_forward(model, dims[0], dims[1], static_cast<const int32_t*>(inputs[0]), static_cast<float*>(outputs[0]));
        default: return 0;
    }
}

int gpt_read_tap(gpt_model* model, const char*, const char*, void*, int64_t) {
    Call call(model, "read_tap", {});
    if (call.failed()) return call.code();
    return call.fail({"LUM6004", "read_tap: this model has no taps", "write `tap NAME` in gpt.lum"});
}

int32_t gpt_timings(const gpt_model* model, gpt_timing* timings, int32_t room) {
    for (int32_t i = 0; model != nullptr && i < kKernelCount && i < room; ++i) {
        const Timing& timing = model->timings[static_cast<size_t>(i)];
        timings[i] = {name_of(static_cast<Kernel>(i)), timing.calls, timing.seconds};
    }
    return kKernelCount;
}

void gpt_reset_timings(gpt_model* model) {
    if (model != nullptr) model->timings.fill({});
}

}  // extern "C"
