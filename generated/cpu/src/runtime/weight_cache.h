// A file that keeps converted and packed weights from one start to the next.
//
//   head     magic, version, how many blocks, sizes, checksum of head, key and table
//   key      text: what the blocks were made from and how
//   table    for each block: offset, bytes, checksum
//   blocks   each at a multiple of 64 bytes
//
// It is used only when the key is the expected one and every checksum is right. It is written under a temporary
// name, synced and renamed, so that an interruption at any moment leaves the file that was there before.
#pragma once

#include <sys/file.h>

#include <cstdio>
#include <functional>

#include "mapped_file.h"
#include "parallel.h"

namespace lum {

// A 64-bit checksum against accidental damage, not against malice: four independent lanes of multiply and rotate.
class Checksum {
 public:
    void add(const void* data, size_t size) {
        const unsigned char* bytes = static_cast<const unsigned char*>(data);
        total_ += size;
        while (size > 0 && pending_ > 0) {  // fill up a block that an earlier call began
            block_[pending_++] = *bytes++;
            --size;
            if (pending_ == sizeof(block_)) mix(block_), pending_ = 0;
        }
        for (; size >= sizeof(block_); size -= sizeof(block_), bytes += sizeof(block_)) mix(bytes);
        if (size > 0) std::memcpy(block_, bytes, size), pending_ = size;
    }

    u64 value() const {
        Checksum ended = *this;
        std::memset(ended.block_ + pending_, 0, sizeof(block_) - pending_);
        ended.mix(ended.block_);
        u64 result = total_;
        for (const u64 lane : ended.lanes_) result = step(result, lane ^ (lane >> 29));
        return result ^ (result >> 32);
    }

    static u64 of(const void* data, size_t size) {
        Checksum sum;
        sum.add(data, size);
        return sum.value();
    }

 private:
    static u64 step(u64 state, u64 word) {
        state = (state ^ word) * 0x9e3779b97f4a7c15u;
        return (state << 27) | (state >> 37);
    }

    void mix(const unsigned char* block) {
        for (size_t lane = 0; lane < 4; ++lane) {
            u64 word;
            std::memcpy(&word, block + 8 * lane, 8);
            lanes_[lane] = step(lanes_[lane], word);
        }
    }

    u64 lanes_[4] = {1, 2, 3, 4};
    u64 total_ = 0;
    unsigned char block_[32] = {};
    size_t pending_ = 0;
};

class WeightCache {
 public:
    // What the file should hold. `sizes`: bytes of each block.
    struct Plan {
        std::string key;
        std::vector<size_t> sizes;
    };

    using Sink = std::function<Fault(const void* data, size_t size)>;
    // Gives block `i`, in as many pieces as it likes, to the sink.
    using Producer = std::function<Fault(size_t i, const Sink& sink)>;

    // Maps a file that fits the plan. A fault says why it can't be used.
    static Fault load(const std::string& path, const Plan& plan, WeightCache& out) {
        MappedFile file;
        if (Fault fault = MappedFile::open(path, file)) return fault;
        const Layout layout(plan);
        Head head{};
        if (file.size() < sizeof(Head)) return unusable(path, "it is cut off");
        std::memcpy(&head, file.data(), sizeof(Head));
        if (std::memcmp(head.magic, kMagic, sizeof(head.magic)) != 0)
            return unusable(path, "it is another kind of file");
        if (head.version != kVersion) return unusable(path, "another version wrote it");
        if (head.file_bytes != file.size()) return unusable(path, "it is cut off");
        const char* key = reinterpret_cast<const char*>(file.data()) + sizeof(Head);
        if (head.key_bytes != plan.key.size() || head.blocks != plan.sizes.size() || file.size() != layout.file_bytes ||
            std::memcmp(key, plan.key.data(), plan.key.size()) != 0) {
            return unusable(path, "the weights or the way they are packed have changed");
        }
        std::vector<Block> table(plan.sizes.size());
        if (!table.empty()) std::memcpy(table.data(), file.data() + layout.table, table.size() * sizeof(Block));
        if (head.checksum != head_checksum(head, plan.key, table)) return unusable(path, "its table is damaged");
        std::vector<char> good(table.size(), 0);
        parallel_for(static_cast<i64>(table.size()), 1, [&](i64 begin, i64 end) {
            for (size_t i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
                if (table[i].offset != layout.offsets[i] || table[i].bytes != plan.sizes[i]) continue;
                good[i] = Checksum::of(file.data() + layout.offsets[i], plan.sizes[i]) == table[i].checksum;
            }
        });
        for (size_t i = 0; i < good.size(); ++i) {
            if (!good[i]) return unusable(path, sentence({"block ", i, " is damaged"}));
        }
        out.file_ = std::move(file);
        out.offsets_ = layout.offsets;
        return {};
    }

    // Writes the file if nobody else has in the meantime, then maps it.
    static Fault build(const std::string& path, const Plan& plan, const Producer& produce, WeightCache& out) {
        const std::string temporary = path + ".tmp";
        FileHandle file;
        if (Fault fault = lock(temporary, file)) return fault;
        // Another process may have written it while this one waited for the lock.
        if (!load(path, plan, out)) return ::unlink(temporary.c_str()), Fault{};
        Fault fault = write_all(temporary, file.get(), plan, produce);
        if (!fault && ::rename(temporary.c_str(), path.c_str()) != 0) fault = cannot_write(path);
        if (fault) {
            ::unlink(temporary.c_str());
            return fault;
        }
        sync_directory(path);
        return load(path, plan, out);
    }

    const unsigned char* block(size_t i) const { return file_.data() + offsets_[i]; }

 private:
    static constexpr char kMagic[8] = {'l', 'u', 'm', 'p', 'a', 'c', 'k', '\n'};
    static constexpr u32 kVersion = 1;

    struct Head {
        char magic[8];
        u32 version;
        u32 reserved;
        u64 blocks;
        u64 key_bytes;
        u64 file_bytes;
        u64 checksum;
    };

    struct Block {
        u64 offset;
        u64 bytes;
        u64 checksum;
    };

    struct Layout {
        explicit Layout(const Plan& plan) : table(aligned(sizeof(Head) + plan.key.size())) {
            file_bytes = table + plan.sizes.size() * sizeof(Block);
            for (const size_t size : plan.sizes) {
                offsets.push_back(aligned(file_bytes));
                file_bytes = offsets.back() + size;
            }
        }
        static size_t aligned(size_t position) { return (position + 63) / 64 * 64; }

        size_t table;
        size_t file_bytes;
        std::vector<size_t> offsets;
    };

    static Fault unusable(const std::string& path, const std::string& reason) {
        return {"LUM6152", sentence({quoted(path), " cannot be used: ", reason}), "it is made again from the weights"};
    }

    static Fault cannot_write(const std::string& path) {
        return {"LUM6120", sentence({"cannot write ", quoted(path), ": ", system_reason()}),
                "check the directory, its permissions and the free space; what was there before is untouched"};
    }

    static u64 head_checksum(Head head, const std::string& key, const std::vector<Block>& table) {
        head.checksum = 0;
        Checksum sum;
        sum.add(&head, sizeof(head));
        sum.add(key.data(), key.size());
        sum.add(table.data(), table.size() * sizeof(Block));
        return sum.value();
    }

    // Opens the temporary file under an exclusive lock, which the system drops when a process dies: one writer at a
    // time, and what a killed writer left behind is simply overwritten.
    static Fault lock(const std::string& temporary, FileHandle& out) {
        for (;;) {
            FileHandle file(::open(temporary.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
            if (!file.is_open()) return cannot_write(temporary);
            while (::flock(file.get(), LOCK_EX) != 0) {
                if (errno != EINTR) return cannot_write(temporary);
            }
            // The writer before this one has renamed the file that was locked here: lock the new one.
            struct stat mine {
            }, named{};
            const bool same = ::fstat(file.get(), &mine) == 0 && ::stat(temporary.c_str(), &named) == 0 &&
                              mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
            if (!same) continue;
            out = std::move(file);
            return {};
        }
    }

    static Fault write_all(const std::string& path, int file, const Plan& plan, const Producer& produce) {
        if (::ftruncate(file, 0) != 0) return cannot_write(path);
        const Layout layout(plan);
        std::vector<Block> table;
        for (size_t i = 0; i < plan.sizes.size(); ++i) {
            Checksum sum;
            size_t done = 0;
            Fault fault = produce(i, [&](const void* data, size_t size) -> Fault {
                if (Fault failed = write_at(path, file, layout.offsets[i] + done, data, size)) return failed;
                sum.add(data, size);
                done += size;
                return {};
            });
            if (fault) return fault;
            table.push_back({layout.offsets[i], done, sum.value()});
        }
        Head head{};
        std::memcpy(head.magic, kMagic, sizeof(head.magic));
        head.version = kVersion;
        head.blocks = plan.sizes.size();
        head.key_bytes = plan.key.size();
        head.file_bytes = layout.file_bytes;
        head.checksum = head_checksum(head, plan.key, table);
        if (::ftruncate(file, static_cast<off_t>(layout.file_bytes)) != 0) return cannot_write(path);
        if (Fault fault = write_at(path, file, 0, &head, sizeof(head))) return fault;
        if (Fault fault = write_at(path, file, sizeof(head), plan.key.data(), plan.key.size())) return fault;
        if (Fault fault = write_at(path, file, layout.table, table.data(), table.size() * sizeof(Block))) return fault;
        if (::fsync(file) != 0) return cannot_write(path);
        return {};
    }

    static Fault write_at(const std::string& path, int file, size_t position, const void* data, size_t size) {
        const unsigned char* bytes = static_cast<const unsigned char*>(data);
        while (size > 0) {
            const ssize_t written =
                ::pwrite(file, bytes, std::min<size_t>(size, 1 << 30), static_cast<off_t>(position));
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return cannot_write(path);
            bytes += written;
            position += static_cast<size_t>(written);
            size -= static_cast<size_t>(written);
        }
        return {};
    }

    // Makes the rename itself durable. Where that fails the file is still complete, under one name or the other.
    static void sync_directory(const std::string& path) {
        const size_t slash = path.rfind('/');
        const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
        const FileHandle handle(::open(directory.c_str(), O_RDONLY | O_CLOEXEC));
        if (handle.is_open() && ::fsync(handle.get()) != 0) return;
    }

    MappedFile file_;
    std::vector<size_t> offsets_;
};

}  // namespace lum
