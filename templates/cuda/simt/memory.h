// The register of what kernels may touch outside of their block: "device" and pinned memory, each allocation exactly as
// long as asked for.
#pragma once

#include <cstddef>
#include <string>

namespace simt {

void* allocate(std::size_t bytes);  // filled with 0xff: NaN in every floating type; aligned to 256
void release(void* pointer);
std::size_t allocated_bytes();

// Whether it points into an allocation.
bool is_allocated(const void* address);

// Empty where all of [address, address + bytes) may be touched, else why not.
std::string explain_access(const void* address, std::size_t bytes);
// The same as a question; quick for addresses in an allocation that this OS thread touched lately.
bool may_access(const void* address, std::size_t bytes);

}  // namespace simt
