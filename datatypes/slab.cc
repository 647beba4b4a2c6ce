#include "inlay/datatypes/slab.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cassert>
#include <cstdlib>
#include <mutex>
#include <utility>

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

namespace inlay {
namespace {

constexpr size_t kRegionSize = size_t{2} << 20;
constexpr size_t kRegionPages = kRegionSize / PagePool::kPageSize - 1;  // The first one is the header.
// Small stores stay small: only later regions ask for huge pages, which the kernel backs whole.
constexpr size_t kRegionsWithoutHugePages = 4;

struct FreePage {
  FreePage* next;
};

struct Region {
  Region* prev;
  Region* next;
  FreePage* free;    // Returned pages.
  uint32_t untouched;  // Pages from this index on were never handed out.
  uint32_t used;
};

Region* region_of(void* page) {
  return reinterpret_cast<Region*>(reinterpret_cast<uintptr_t>(page) & ~(kRegionSize - 1));
}

// Maps one aligned region, by mapping twice as much and trimming.
Region* map_region(bool huge) {
  void* raw = mmap(nullptr, 2 * kRegionSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  char* start = static_cast<char*>(raw);
  char* aligned = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(start) + kRegionSize - 1) & ~(kRegionSize - 1));
  if (aligned > start) munmap(start, static_cast<size_t>(aligned - start));
  char* end = start + 2 * kRegionSize;
  if (end > aligned + kRegionSize) munmap(aligned + kRegionSize, static_cast<size_t>(end - aligned) - kRegionSize);
#if defined(MADV_HUGEPAGE)
  if (huge) madvise(aligned, kRegionSize, MADV_HUGEPAGE);
#endif
  return new (aligned) Region{nullptr, nullptr, nullptr, 0, 0};
}

}  // namespace

struct PagePool::State {
  mutable std::mutex mutex;
  Region* open = nullptr;   // Regions with a page to give.
  Region* full = nullptr;
  size_t regions = 0;
  size_t idle = 0;          // Open regions with no page in use.
  size_t pages_in_use = 0;

  static void link(Region* region, Region** head) {
    region->prev = nullptr;
    region->next = *head;
    if (*head != nullptr) (*head)->prev = region;
    *head = region;
  }
  static void unlink(Region* region, Region** head) {
    (region->prev != nullptr ? region->prev->next : *head) = region->next;
    if (region->next != nullptr) region->next->prev = region->prev;
  }
};

PagePool::PagePool() : state_(std::make_unique<State>()) {}

PagePool::~PagePool() {
  assert(state_->pages_in_use == 0 && "a Slab outlives its PagePool");
  for (Region* list : {state_->open, state_->full}) {
    while (list != nullptr) {
      Region* next = list->next;
      munmap(list, kRegionSize);
      list = next;
    }
  }
}

void* PagePool::allocate() {
  State& s = *state_;
  std::lock_guard lock(s.mutex);
  if (s.open == nullptr) {
    Region* fresh = map_region(s.regions >= kRegionsWithoutHugePages);
    if (fresh == nullptr) return nullptr;
    State::link(fresh, &s.open);
    ++s.regions;
    ++s.idle;
  }
  Region* region = s.open;
  void* page;
  if (region->free != nullptr) {
    page = region->free;
    region->free = region->free->next;
  } else {
    page = reinterpret_cast<char*>(region) + kPageSize * ++region->untouched;
  }
  if (region->used++ == 0) --s.idle;
  ++s.pages_in_use;
  if (region->free == nullptr && region->untouched == kRegionPages) {
    State::unlink(region, &s.open);
    State::link(region, &s.full);
  }
  return page;
}

void PagePool::deallocate(void* page) {
  State& s = *state_;
  std::lock_guard lock(s.mutex);
  Region* region = region_of(page);
  const bool was_full = region->free == nullptr && region->untouched == kRegionPages;
  region->free = new (page) FreePage{region->free};
  --s.pages_in_use;
  if (was_full) {
    State::unlink(region, &s.full);
    State::link(region, &s.open);
  }
  if (--region->used != 0) return;
  if (s.idle == 0) {
    ++s.idle;
    return;
  }
  State::unlink(region, &s.open);
  --s.regions;
  munmap(region, kRegionSize);
}

size_t PagePool::pages_in_use() const {
  std::lock_guard lock(state_->mutex);
  return state_->pages_in_use;
}

// The head of a page. Offsets count bytes from the start of the page; 0 means none.
struct Slab::Page {
  Page* prev;
  Page* next;
  uint16_t free;       // First block of the chain of freed ones.
  uint16_t untouched;  // Offset of the first block that was never handed out.
  uint16_t used;
  uint16_t class_index;

  static Page* of(void* block) {
    return reinterpret_cast<Page*>(reinterpret_cast<uintptr_t>(block) & ~(PagePool::kPageSize - 1));
  }
  char* at(size_t offset) { return reinterpret_cast<char*>(this) + offset; }
  bool full() const { return free == 0 && untouched + class_size(class_index) > PagePool::kPageSize; }
};

Slab::~Slab() {
  const auto drop = [this](Page* list) {
    while (list != nullptr) {
      Page* next = list->next;
      ASAN_UNPOISON_MEMORY_REGION(list, PagePool::kPageSize);
      pages_->deallocate(list);
      list = next;
    }
  };
  for (Page* list : open_) drop(list);
  drop(full_);
}

Slab::Slab(Slab&& other) noexcept
    : pages_(other.pages_), open_(other.open_), full_(other.full_), bytes_(other.bytes_), page_count_(other.page_count_) {
  other.open_.fill(nullptr);
  other.full_ = nullptr;
  other.bytes_ = other.page_count_ = 0;
}

Slab& Slab::operator=(Slab&& other) noexcept {
  if (this != &other) {
    this->~Slab();
    new (this) Slab(std::move(other));
  }
  return *this;
}

void* Slab::allocate(size_t bytes) {
  if (bytes > kSlabBlockMax) return allocate_large(bytes);
  const size_t index = class_of(bytes);
  Page* page = open_[index];
  if (page == nullptr && (page = add_page(index)) == nullptr) return nullptr;
  const size_t size = class_size(index);
  char* block;
  if (page->free != 0) {
    block = page->at(page->free);
    ASAN_UNPOISON_MEMORY_REGION(block, size);
    page->free = *reinterpret_cast<uint16_t*>(block);
  } else {
    block = page->at(page->untouched);
    ASAN_UNPOISON_MEMORY_REGION(block, size);
    page->untouched = static_cast<uint16_t>(page->untouched + size);
  }
  ++page->used;
  bytes_ += size;
  if (page->full()) {
    unlink(page, &open_[index]);
    link(page, &full_);
  }
  return block;
}

void Slab::deallocate(void* block, size_t bytes) {
  if (bytes > kSlabBlockMax) return deallocate_large(block);
  Page* page = Page::of(block);
  const size_t index = page->class_index;
  assert(index == class_of(bytes) && "block freed with another size");
  const bool was_full = page->full();
  *static_cast<uint16_t*>(block) = page->free;
  page->free = static_cast<uint16_t>(static_cast<char*>(block) - page->at(0));
  ASAN_POISON_MEMORY_REGION(block, class_size(index));
  bytes_ -= class_size(index);
  --page->used;
  if (was_full) {
    unlink(page, &full_);
    link(page, &open_[index]);
  }
  // The last open page of a class stays, so that a block freed and allocated in turn costs no page traffic.
  if (page->used == 0 && (page->next != nullptr || page->prev != nullptr)) {
    unlink(page, &open_[index]);
    ASAN_UNPOISON_MEMORY_REGION(page, PagePool::kPageSize);
    pages_->deallocate(page);
    --page_count_;
  }
}

void* Slab::allocate_large(size_t bytes) {
  void* block = std::malloc(bytes);
  if (block != nullptr) bytes_ += malloc_usable_size(block);
  return block;
}

void Slab::deallocate_large(void* block) {
  bytes_ -= malloc_usable_size(block);
  std::free(block);
}

Slab::Page* Slab::add_page(size_t class_index) {
  void* memory = pages_->allocate();
  if (memory == nullptr) return nullptr;
  Page* page = new (memory) Page{nullptr, nullptr, 0, sizeof(Page), 0, static_cast<uint16_t>(class_index)};
  ASAN_POISON_MEMORY_REGION(page->at(sizeof(Page)), PagePool::kPageSize - sizeof(Page));
  link(page, &open_[class_index]);
  ++page_count_;
  return page;
}

void Slab::link(Page* page, Page** head) {
  page->prev = nullptr;
  page->next = *head;
  if (*head != nullptr) (*head)->prev = page;
  *head = page;
}

void Slab::unlink(Page* page, Page** head) {
  (page->prev != nullptr ? page->prev->next : *head) = page->next;
  if (page->next != nullptr) page->next->prev = page->prev;
}

bool Slab::check_invariants() const {
  size_t pages = 0;
  size_t small_bytes = 0;
  bool ok = true;
  const auto visit = [&](const Page* list, bool full) {
    for (const Page* page = list; page != nullptr; page = page->next) {
      ++pages;
      small_bytes += page->used * class_size(page->class_index);
      ok = ok && page->full() == full;
      ok = ok && (page->next == nullptr || page->next->prev == page);
    }
  };
  for (const Page* list : open_) visit(list, false);
  visit(full_, true);
  return ok && pages == page_count_ && small_bytes <= bytes_;
}

}  // namespace inlay
