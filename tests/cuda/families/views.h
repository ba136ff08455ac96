// The ways in which a contraction's operand may lie in memory.
#pragma once

#include "report.h"

// How an operand lies: k contiguous, the outer index contiguous, neither, one row for all, and off by one element.
enum Lie { kAlongK, kAlongOuter, kApart, kBroadcast, kUnaligned, kPadded, kLies };
inline const char* const lie_names[] = {"along k", "along outer", "apart", "broadcast", "unaligned", "padded"};

struct Strides {
    i64 offset, batch, outer, k, length;
};
inline Strides lay(Lie lie, i64 batch, i64 outer, i64 k) {
    switch (lie) {
        case kAlongK: return {0, outer * k, k, 1, batch * outer * k};
        case kAlongOuter: return {0, outer * k, 1, outer, batch * outer * k};
        case kApart: return {0, 2 * outer * k, 2 * k, 2, 2 * batch * outer * k - 1};
        case kBroadcast: return {0, k, 0, 1, batch * k};
        case kUnaligned: return {1, outer * k, k, 1, batch * outer * k + 1};
        default: {
            const i64 padded = (k + 7) / 8 * 8;  // rows start at multiples of 16 bytes, k doesn't end at one
            return {0, outer * padded, padded, 1, batch * outer * padded};
        }
    }
}
