// What went wrong, as a value: a stable code, a sentence, a way out. Empty when nothing did.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights are read in place, which needs a little-endian machine"
#endif

namespace lum {

struct [[nodiscard]] Fault {
    std::string code;     // "LUM6102"; empty: no fault
    std::string message;  // which file, which tensor, what was found and expected
    std::string help;     // what to do about it

    explicit operator bool() const { return !code.empty(); }

    std::string text() const {
        return code.empty() ? std::string() : code + ": " + message + (help.empty() ? "" : "\n  " + help);
    }
};

inline constexpr const char* kDamaged =
        "the file is damaged or was cut off while it was copied: fetch or write it again";
inline constexpr const char* kWriter =
        "write the file again with the safetensors library; it does not produce such headers";

inline std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

// "[2, 3]"
inline std::string shape_text(const std::vector<int64_t>& shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    return text + "]";
}

}  // namespace lum
