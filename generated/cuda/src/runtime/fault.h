// What went wrong, as a value: a stable code, a sentence, a way out. Empty when nothing did.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights are read in place, which needs a little-endian machine"
#endif

namespace lum {

// A part of a sentence: text, a number, or a name in quotes. Refers to its text: use it within one expression.
class Piece {
 public:
    Piece(const char* text) : text_(text) {}
    Piece(const std::string& text) : text_(text) {}
    Piece(std::string_view text) : text_(text) {}
    template <class Number, class = std::enable_if_t<std::is_integral_v<Number>>>
    Piece(Number number)
        : number_(number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number)),
          kind_(number < 0 ? Kind::negative : Kind::number) {}

    static Piece quoted(std::string_view name) {
        Piece piece(name);
        piece.kind_ = Kind::quoted;
        return piece;
    }

    void append_to(std::string& sentence) const {
        if (kind_ == Kind::negative) sentence += '-';
        if (kind_ == Kind::number || kind_ == Kind::negative) sentence += std::to_string(number_);
        if (kind_ == Kind::quoted) sentence += '"';
        sentence += text_;
        if (kind_ == Kind::quoted) sentence += '"';
    }

 private:
    enum class Kind : uint8_t { text, quoted, number, negative };

    std::string_view text_;
    uint64_t number_ = 0;
    Kind kind_ = Kind::text;
};

inline Piece quoted(std::string_view name) { return Piece::quoted(name); }

// Out of line: messages are many and rarely made, and inlined string arithmetic is slow to compile.
[[gnu::noinline, gnu::cold]] inline std::string sentence(std::initializer_list<Piece> pieces) {
    std::string text;
    for (const Piece& piece : pieces) piece.append_to(text);
    return text;
}

[[gnu::noinline, gnu::cold]] inline void append(std::string& text, std::initializer_list<Piece> pieces) {
    for (const Piece& piece : pieces) piece.append_to(text);
}

struct [[nodiscard]] Fault {
    Fault() = default;
    [[gnu::noinline, gnu::cold]] Fault(std::string_view code_text, std::string message_text,
                                       std::string_view help_text = "")
        : code(code_text), message(std::move(message_text)), help(help_text) {}

    std::string code;     // "LUM6102"; empty: no fault
    std::string message;  // which file, which tensor, what was found and expected
    std::string help;     // what to do about it

    explicit operator bool() const { return !code.empty(); }

    std::string text() const {
        if (code.empty()) return {};
        return help.empty() ? sentence({code, ": ", message}) : sentence({code, ": ", message, "\n  ", help});
    }
};

inline constexpr const char* kDamaged =
    "the file is damaged or was cut off while it was copied: fetch or write it again";
inline constexpr const char* kWriter =
    "write the file again with the safetensors library; it does not produce such headers";

// "[2, 3]"
[[gnu::noinline, gnu::cold]] inline std::string shape_text(const std::vector<int64_t>& shape) {
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i) append(text, {i == 0 ? "" : ", ", shape[i]});
    return text + "]";
}

}  // namespace lum
