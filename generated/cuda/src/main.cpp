// Llama as a program: .npy files in, .npy files out.
#include <cstdio>

#include "program.h"

namespace {

constexpr char kUsage[] =
    "llama [--weights PATH] [--entry NAME] [--dim NAME=VALUE]... [--input NAME=FILE.npy]... [--output-dir DIR]\n"
    "      [--list]\n"
    "  --list        print the entries with their dims, inputs and outputs\n"
    "  --output-dir  write each output to DIR/NAME.npy instead of printing its first values\n";

void list() {
    int32_t count = 0;
    const Entry* entries = llama_entries(&count);
    for (const Entry* entry = entries; entry < entries + count; ++entry) {
        std::printf("%s\n", entry->name);
        for (int32_t i = 0; i < entry->dim_count; ++i)
            std::printf("  dim     %s in %s\n", entry->dims[i].name, entry->dims[i].range);
        for (int32_t i = 0; i < entry->input_count; ++i)
            std::printf("  input   %s: %s\n", entry->inputs[i].name, entry->inputs[i].text);
        for (int32_t i = 0; i < entry->output_count; ++i)
            std::printf("  output  %s: %s\n", entry->outputs[i].name, entry->outputs[i].text);
    }
}

void read_inputs(Session& session, const std::vector<std::pair<std::string, std::string>>& files) {
    std::vector<bool> given(session.inputs.size(), false);
    for (const auto& [name, path] : files) {
        size_t i = 0;
        while (i < session.inputs.size() && name != session.inputs[i].tensor->name) ++i;
        if (i == session.inputs.size()) quit("LUM6004: " + std::string(session.entry().name) + " has no input \"" + name + "\"");
        session.inputs[i].read(path);
        given[i] = true;
    }
    for (size_t i = 0; i < given.size(); ++i)
        if (!given[i]) quit("--input " + std::string(session.inputs[i].tensor->name) + "=FILE.npy is missing");
}

void print(const Buffer& output) {
    std::printf("%s %s:", output.tensor->name, lum::shape_text(output.shape).c_str());
    const std::vector<double> values = output.values();
    for (size_t i = 0; i < values.size() && i < 8; ++i) std::printf(" %g", values[i]);
    std::printf("%s\n", values.size() > 8 ? " ..." : "");
}

}  // namespace

int main(int count, char** values) {
    Arguments arguments(count, values, kUsage);
    if (arguments.flag("--list")) return list(), 0;
    const std::string weights = arguments.value("--weights", "");
    const Entry& entry = entry_named(arguments.value("--entry", ""));
    Session session(entry, arguments.dims(entry, false));
    const auto files = arguments.pairs("--input");
    const std::string directory = arguments.value("--output-dir", "");
    llama_options options = arguments.options();
    arguments.end();
    if (weights.empty()) quit("--weights PATH is missing: a .safetensors file, an index of shards, or a folder with either");

    read_inputs(session, files);
    const Model model(weights, options);
    session.run(model);
    for (const Buffer& output : session.outputs) {
        if (directory.empty()) print(output);
        else output.write(directory + "/" + output.tensor->name + ".npy");
    }
    return 0;
}
