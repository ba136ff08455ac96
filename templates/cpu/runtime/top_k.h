// The positions of the greatest values of a row.
#pragma once

#include <algorithm>

#include "math.h"
#include "types.h"

namespace lum {

// out[0 … count) = positions of the `count` greatest of value(0 … size), greatest first; among equals the lower
// position first; NaN counts as greatest. count <= size. `out` itself is the heap that keeps the best so far.
template <class Value>
void top_k(i64 size, i64 count, i32* out, const Value& value) {
    if (count <= 0) return;
    const auto comes_before = [&](i32 a, i32 b) {
        const auto x = value(static_cast<i64>(a)), y = value(static_cast<i64>(b));
        if (ranks_above(x, y)) return true;
        return !ranks_above(y, x) && a < b;
    };
    for (i64 i = 0; i < count; ++i) out[i] = static_cast<i32>(i);
    if (count < size) {
        std::make_heap(out, out + count, comes_before);  // the last of them in front
        for (i64 i = count; i < size; ++i) {
            if (!comes_before(static_cast<i32>(i), out[0])) continue;
            std::pop_heap(out, out + count, comes_before);
            out[count - 1] = static_cast<i32>(i);
            std::push_heap(out, out + count, comes_before);
        }
    }
    std::sort(out, out + count, comes_before);
}

}  // namespace lum
