// Redis's glob patterns: * ? [set] and backslash, bytewise and case-sensitive.
//
//   *        any run of bytes, also none          ?     any one byte
//   [abc]    one of these        [^a-c]  any byte but these; '!' is an ordinary member
//   \x       the byte x          [ab     an unterminated set ends with the pattern
//
// Complexity: O(pattern x text) in the worst case, however many stars there are; O(text) for one star.
// Thread safety: pure function.
#pragma once

#include <string_view>

namespace inlay {

bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace inlay
