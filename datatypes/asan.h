// Tells AddressSanitizer which bytes of our own pages are blocks. Nothing in other builds.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define INLAY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INLAY_ASAN 1
#endif
#endif
#if defined(INLAY_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif
