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

template <class Number>
Number read_number(const char* bytes) {
  static_assert(std::endian::native == std::endian::little, "numbers in a trace are");
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

}  // namespace

Result<Trace> read_trace(const std::string& path, uint64_t requests_max) {
  constexpr size_t kRecords = 64 * 1024;
  const bool sized = path.find(".u64u32.") != path.npos;
  const size_t record_bytes = sized ? 12 : 8;
  ZstdReader reader(path);
  std::vector<char> block(kRecords * record_bytes);
  absl::flat_hash_set<uint64_t> unique;
  Trace trace;
  while (trace.keys.size() < requests_max) {
    const Result<size_t> bytes = reader.read(block.data(), block.size());
    if (!bytes.ok()) return bytes.status();
    if (*bytes % record_bytes != 0) {
      const std::string error =
          absl::StrCat("not a trace: its length is not a multiple of ", record_bytes, " bytes");
      return file_error(path, error.c_str());
    }
    const size_t count = std::min<uint64_t>(*bytes / record_bytes, requests_max - trace.keys.size());
    for (size_t i = 0; i < count; ++i) {
      const char* record = block.data() + i * record_bytes;
      trace.keys.push_back(read_number<uint64_t>(record));
      if (sized) trace.sizes.push_back(read_number<uint32_t>(record + 8));
      unique.insert(trace.keys.back());
    }
    if (*bytes < block.size()) break;
  }
  trace.unique_keys = unique.size();
  return trace;
}

}  // namespace inlay::shell
