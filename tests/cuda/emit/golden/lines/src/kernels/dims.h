// The dims of the call that is running, in device memory: the launches that a graph has recorded hold for all values.
#pragma once

#include <cstdint>

struct Dims {
    int64_t s;
};
