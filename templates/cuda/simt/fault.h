// Faults: what a kernel did wrong. The first one stops its launch and is kept for last_fault().
#pragma once

#include <cstdarg>
#include <string>

namespace simt {

// Kinds, each the first word of the description.
constexpr const char* kOutOfBounds = "out-of-bounds";
constexpr const char* kMisaligned = "misaligned";
constexpr const char* kUninitialized = "uninitialized";
constexpr const char* kRace = "race";
constexpr const char* kDivergence = "divergence";
constexpr const char* kInactiveLane = "inactive-lane";
constexpr const char* kPendingCopy = "pending-copy";
constexpr const char* kBadLaunch = "bad-launch";

// Keeps the fault with the place of the thread that is running; from inside a kernel it doesn't return.
[[gnu::format(printf, 2, 3)]] void fault(const char* kind, const char* format, ...);

// Keeps it, if there is none, and returns.
void note_fault(const std::string& description);
bool faulted();

}  // namespace simt
