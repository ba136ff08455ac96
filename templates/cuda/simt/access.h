// The check of one access by the running thread: shared memory against its shadow, everything else against the register
// of allocations. A fault where it isn't allowed.
#pragma once

#include <cstddef>

namespace simt {

void check_access(const void* address, std::size_t bytes, std::size_t alignment, bool write);

// Whether any source of the program was compiled so that its plain accesses are seen. If not, nobody knows what shared
// memory holds: reads of what isn't written and races can't be told.
bool instrumented();

}  // namespace simt
