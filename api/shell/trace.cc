#include "api/shell/trace.h"

#include <zstd.h>

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace inlay::shell {
namespace {

absl::Status file_error(const std::string& path, const char* what) {
  return absl::UnavailableError(absl::StrCat(path, ": ", what));
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

// Decompresses a file piece by piece; several frames in a row count as one stream.
class ZstdReader {
 public:
  explicit ZstdReader(const std::string& path)
      : path_(path),
        file_(std::fopen(path.c_str(), "rb")),
        stream_(ZSTD_createDStream()),
        compressed_(ZSTD_DStreamInSize()) {}

  /// Decompresses up to `size` bytes to `out`; less than `size` only at the end.
  Result<size_t> read(char* out, size_t size) {
    if (file_ == nullptr || stream_ == nullptr) return file_error(path_, std::strerror(errno));
    ZSTD_outBuffer output{out, size, 0};
    while (output.pos < size) {
      if (input_.pos == input_.size) {
        if (absl::Status status = refill(); !status.ok()) return status;
        // A frame that still holds bytes back gives them without input.
        if (input_.size == 0 && frame_ended_) break;
      }
      const size_t before = output.pos;
      const size_t code = ZSTD_decompressStream(stream_.get(), &output, &input_);
      if (ZSTD_isError(code) != 0) {
        const std::string error = absl::StrCat("not valid zstd: ", ZSTD_getErrorName(code));
        return file_error(path_, error.c_str());
      }
      frame_ended_ = code == 0;
      if (input_.size == 0 && !frame_ended_ && output.pos == before) {
        return file_error(path_, "cut short: the zstd frame has no end");
      }
    }
    return output.pos;
  }

 private:
  absl::Status refill() {
    input_ = {compressed_.data(), std::fread(compressed_.data(), 1, compressed_.size(), file_.get()), 0};
    if (std::ferror(file_.get()) != 0) return file_error(path_, std::strerror(errno));
    if (input_.size == 0 && !any_input_) return file_error(path_, "empty, so not a zstd file");
    any_input_ = true;
    return absl::OkStatus();
  }

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  std::vector<char> compressed_;
  ZSTD_inBuffer input_{};
  bool any_input_ = false;
  bool frame_ended_ = false;
};

uint64_t from_little_endian(uint64_t value) {
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}

}  // namespace

Result<Trace> read_trace(const std::string& path, uint64_t requests_max) {
  constexpr size_t kBlock = 64 * 1024;
  // Twelve bytes a record, which would pass for numbers.
  if (path.find(".u64u32.") != path.npos)
    return file_error(path, "a trace with sizes; replay takes .u64.zst");
  ZstdReader reader(path);
  std::vector<uint64_t> block(kBlock);
  absl::flat_hash_set<uint64_t> unique;
  Trace trace;
  while (trace.keys.size() < requests_max) {
    const Result<size_t> bytes =
        reader.read(reinterpret_cast<char*>(block.data()), kBlock * sizeof(uint64_t));
    if (!bytes.ok()) return bytes.status();
    if (*bytes % sizeof(uint64_t) != 0) {
      return file_error(path, "not a trace: its length is not a multiple of 8 bytes");
    }
    const size_t count = std::min<uint64_t>(*bytes / sizeof(uint64_t), requests_max - trace.keys.size());
    for (size_t i = 0; i < count; ++i) {
      trace.keys.push_back(from_little_endian(block[i]));
      unique.insert(trace.keys.back());
    }
    if (*bytes < kBlock * sizeof(uint64_t)) break;
  }
  trace.unique_keys = unique.size();
  return trace;
}

}  // namespace inlay::shell
