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
    Call(conv_model* model, const char* function, std::initializer_list<Named> dims)
        : model_(model), function_(function), dim_count_(dims.size()) {
        std::copy(dims.begin(), dims.end(), dims_);
        if (model == nullptr) {
            create_fault = "LUM6005: " + std::string(function) + ": model is null";
            code_ = 6005;
        }
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

    conv_model* model_;
    const char* function_;
    Named dims_[1] = {};
    size_t dim_count_;
    int code_ = 0;
};

struct StatePlace {
    const char* name;
    void* data;
    int64_t bytes;
};

// A state by name; reports when there is none, or when `bytes` isn't its size.
StatePlace find_state(conv_model&, const char* name, int64_t, Call& call) {
    call.fail({"LUM6004", "no state \"" + std::string(name) + "\": this model has none", "check the spelling"});
    return {name, nullptr, 0};
}

constexpr conv_tensor forward_inputs[] = {
    {"x", "f32", 4, 4, "f32[1, 3, 11, 9]",
     [](const int64_t*, int64_t* shape) { shape[0] = 1; shape[1] = 3; shape[2] = 11; shape[3] = 9; }},
};
constexpr conv_tensor forward_outputs[] = {
    {"pooled", "f32", 4, 4, "f32[1, 8, 6, 5]",
     [](const int64_t*, int64_t* shape) { shape[0] = 1; shape[1] = 8; shape[2] = 6; shape[3] = 5; }},
};

constexpr conv_entry entries[] = {
    {"forward", 0, 1, 1, 0,
     nullptr, forward_inputs, forward_outputs, nullptr},
};

}  // namespace

int conv_model::fail(const lum::Fault& what) {
    fault = what.text();
    return number_of(what);
}

int conv_model::index_fault(Kernel kernel) {
    return fail({"LUM6007",
                 std::string("kernel ") + name_of(kernel) + ": " + indices.what() + ": index " +
                     std::to_string(indices.index()) + " is outside of 0.." + std::to_string(indices.size() - 1),
                 "indices come from an input: check its values"});
}

extern "C" {

int conv_create(const char* weights, const conv_options* options, conv_model** model) {
    if (model == nullptr) {
        create_fault = "LUM6005: create: model is null";
        return 6005;
    }
    *model = nullptr;
    lum::Fault fault;
    try {
        auto made = std::make_unique<conv_model>();
        fault = made->create(weights, options != nullptr ? *options : conv_options{});
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

void conv_destroy(conv_model* model) { delete model; }

const char* conv_error(const conv_model* model) {
    return model != nullptr ? model->fault.c_str() : create_fault.c_str();
}

int conv_forward(conv_model* model, const float* x, float* pooled) {
    Call call(model, "forward", {});
    call.pointer("x", x);
    call.pointer("pooled", pooled);
    if (call.failed()) return call.code();
    call.begin();
    return call.end(run_forward(*model, x, pooled));
}

int conv_read_state(conv_model* model, const char* name, void* data, int64_t bytes) {
    Call call(model, "read_state", {});
    call.pointer("name", name);
    call.pointer("data", data);
    if (call.failed()) return call.code();
    const StatePlace state = find_state(*model, name, bytes, call);
    if (!call.failed()) std::memcpy(data, state.data, static_cast<size_t>(bytes));
    return call.code();
}

int conv_write_state(conv_model* model, const char* name, const void* data, int64_t bytes) {
    Call call(model, "write_state", {});
    call.pointer("name", name);
    call.pointer("data", data);
    if (call.failed()) return call.code();
    const StatePlace state = find_state(*model, name, bytes, call);
    if (!call.failed()) std::memcpy(state.data, data, static_cast<size_t>(bytes));
    return call.code();
}

int conv_reset_state(conv_model* model, const char* name) {
    Call call(model, "reset_state", {});
    const bool is_known = name == nullptr;
    if (call.failed()) return call.code();
    if (!is_known) return call.fail({"LUM6004", "no state \"" + std::string(name) + "\"", "check the spelling"});
    model->reset_state(name);
    return 0;
}

const conv_entry* conv_entries(int32_t* count) {
    if (count != nullptr) *count = static_cast<int32_t>(sizeof(entries) / sizeof(entries[0]));
    return entries;
}

const conv_entry* conv_find_entry(const char* name) {
    for (const conv_entry& entry : entries)
        if (name != nullptr && std::strcmp(name, entry.name) == 0) return &entry;
    return nullptr;
}

int conv_run(conv_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs) {
    Call call(model, "run", {});
    const conv_entry* found = conv_find_entry(entry);
    if (call.failed()) return call.code();
    if (found == nullptr) {
        return call.fail({"LUM6004", "run: no entry \"" + std::string(entry != nullptr ? entry : "") + "\"", "check the spelling"});
    }
    if (found->dim_count > 0) call.pointer("dims", dims);
    if (found->input_count > 0) call.pointer("inputs", static_cast<const void*>(inputs));
    if (found->output_count > 0) call.pointer("outputs", static_cast<const void*>(outputs));
    if (call.failed()) return call.code();
    switch (found - entries) {
        case 0: return conv_forward(model, static_cast<const float*>(inputs[0]), static_cast<float*>(outputs[0]));
        default: return 0;
    }
}

int conv_read_tap(conv_model* model, const char*, const char*, void*, int64_t) {
    Call call(model, "read_tap", {});
    if (call.failed()) return call.code();
    return call.fail({"LUM6004", "read_tap: this model has no taps", "write `tap NAME` in model.lum"});
}

int32_t conv_timings(const conv_model* model, conv_timing* timings, int32_t room) {
    for (int32_t i = 0; model != nullptr && i < kKernelCount && i < room; ++i) {
        const Timing& timing = model->timings[static_cast<size_t>(i)];
        timings[i] = {name_of(static_cast<Kernel>(i)), timing.calls, timing.seconds};
    }
    return kKernelCount;
}

void conv_reset_timings(conv_model* model) {
    if (model != nullptr) model->timings.fill({});
}

}  // extern "C"
