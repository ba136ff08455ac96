#include "memory.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "simt.h"

namespace simt {

using Address = std::uintptr_t;

struct Part {
    Address end;
    std::string name;
};
struct Allocation {
    Address end;
    std::map<Address, Part> parts;
};

// Space around each allocation in which nothing else lies, so that a wrong index doesn't hit a neighbour.
constexpr std::size_t kRedzone = 4096;
constexpr std::size_t kAlignment = 256;

static std::mutex mutex;
static std::map<Address, Allocation> allocations;
static std::atomic<unsigned> generation{1};  // moves when an allocation ends or is divided
static std::size_t total = 0;

void* allocate(std::size_t bytes) {
    const std::size_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment + 2 * kRedzone;
    auto* start = static_cast<unsigned char*>(std::aligned_alloc(kAlignment, padded));
    if (start == nullptr) return nullptr;
    std::memset(start, 0xff, padded);
    unsigned char* pointer = start + kRedzone;
    const std::lock_guard<std::mutex> lock(mutex);
    allocations[reinterpret_cast<Address>(pointer)] = Allocation{reinterpret_cast<Address>(pointer) + bytes, {}};
    total += bytes;
    return pointer;
}

void release(void* pointer) {
    if (pointer == nullptr) return;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        const auto found = allocations.find(reinterpret_cast<Address>(pointer));
        if (found == allocations.end()) return;
        total -= found->second.end - found->first;
        allocations.erase(found);
        ++generation;
    }
    std::free(static_cast<unsigned char*>(pointer) - kRedzone);
}

std::size_t allocated_bytes() {
    const std::lock_guard<std::mutex> lock(mutex);
    return total;
}

bool is_allocated(const void* pointer) {
    const auto address = reinterpret_cast<Address>(pointer);
    const std::lock_guard<std::mutex> lock(mutex);
    auto found = allocations.upper_bound(address);
    return found != allocations.begin() && address < std::prev(found)->second.end;
}

void name_region(const void* pointer, std::size_t bytes, const char* name) {
    const auto begin = reinterpret_cast<Address>(pointer);
    const std::lock_guard<std::mutex> lock(mutex);
    auto found = allocations.upper_bound(begin);
    if (found == allocations.begin()) return;
    --found;
    if (begin + bytes > found->second.end) return;
    found->second.parts[begin] = Part{begin + bytes, name};
    ++generation;
}

// What this OS thread found legal last; an entry is good as long as the generation is the same.
struct Known {
    Address begin = 0, end = 0;
};
static thread_local Known known[4];
static thread_local unsigned known_generation = 0, known_next = 0;

// The range around `address` that may be touched, or an empty one.
static Known legal_range(Address address) {
    auto found = allocations.upper_bound(address);
    if (found == allocations.begin()) return {};
    --found;
    if (address >= found->second.end) return {};
    const auto& parts = found->second.parts;
    if (parts.empty()) return {found->first, found->second.end};
    auto part = parts.upper_bound(address);
    if (part == parts.begin()) return {};
    --part;
    return address < part->second.end ? Known{part->first, part->second.end} : Known{};
}

bool may_access(const void* pointer, std::size_t bytes) {
    const auto address = reinterpret_cast<Address>(pointer);
    const unsigned now = generation.load(std::memory_order_relaxed);
    if (now != known_generation) {
        for (Known& k : known) k = Known{};
        known_generation = now;
    }
    for (const Known& k : known)
        if (address >= k.begin && address + bytes <= k.end) return true;
    Known range;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        range = legal_range(address);
    }
    if (range.end == 0) {  // constants and tables of the program itself
        Dl_info image;
        return dladdr(pointer, &image) != 0;
    }
    if (address + bytes > range.end) return false;
    known[known_next++ % 4] = range;
    return true;
}

std::string explain_access(const void* pointer, std::size_t bytes) {
    const auto address = reinterpret_cast<Address>(pointer);
    if (may_access(pointer, bytes)) return "";
    const std::lock_guard<std::mutex> lock(mutex);
    const auto distance = [&](Address begin, Address end, const std::string& name) {
        return address >= end ? std::to_string(address - end) + " bytes past the end of " + name
             : address < begin ? std::to_string(begin - address) + " bytes before " + name
                               : "across the end of " + name;
    };
    // The allocation that starts nearest below, or else the one right above.
    auto found = allocations.upper_bound(address + bytes);
    if (found != allocations.begin()) {
        const auto& [begin, allocation] = *std::prev(found);
        auto part = allocation.parts.upper_bound(address + bytes);
        if (part != allocation.parts.begin() && address < allocation.end) {
            --part;
            return distance(part->first, part->second.end, part->second.name);
        }
        if (address < allocation.end + kRedzone)
            return distance(begin, allocation.end, "an allocation of " + std::to_string(allocation.end - begin) + " bytes");
    }
    if (found != allocations.end() && address + kRedzone >= found->first)
        return distance(found->first, found->second.end,
                        "an allocation of " + std::to_string(found->second.end - found->first) + " bytes");
    return "not in device memory";
}

}  // namespace simt
