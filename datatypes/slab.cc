#include "inlay/datatypes/slab.h"

#include <malloc.h>

#include <cassert>
#include <cstdlib>
#include <utility>

#include "datatypes/asan.h"

namespace inlay {

Slab::~Slab() {
  const auto drop = [this](Page* list) {
    while (list != nullptr) {
      Page* next = list->next;
      list->class_index = kUnused;
      // The last of its pool page to go takes it along.
      if (Page* pool_page = pool_page_of(list); is_unused(pool_page)) {
        ASAN_UNPOISON_MEMORY_REGION(pool_page, PagePool::kPageSize);
        pages_->deallocate(pool_page);
      }
      list = next;
    }
  };
  for (Page* list : open_) drop(list);
  drop(full_);
}

Slab::Slab(Slab&& other) noexcept
    : pages_(other.pages_),
      open_(std::exchange(other.open_, {})),
      full_(std::exchange(other.full_, nullptr)),
      spare_(std::exchange(other.spare_, nullptr)),
      regions_(std::move(other.regions_)),
      last_region_(std::exchange(other.last_region_, 0)),
      bytes_(std::exchange(other.bytes_, 0)),
      large_bytes_(std::exchange(other.large_bytes_, 0)),
      pool_pages_(std::exchange(other.pool_pages_, 0)),
      page_bytes_(other.page_bytes_) {}

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
  if (full(page)) {
    unlink(page, &open_[index]);
    link(page, &full_);
  }
  return block;
}

void Slab::deallocate(void* block, size_t bytes) {
  if (bytes > kSlabBlockMax) return deallocate_large(block);
  Page* page = page_of(block);
  const size_t index = page->class_index;
  assert(index == class_of(bytes) && "block freed with another size");
  const bool was_full = full(page);
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
    drop_page(page);
  }
}

// A large block stands behind a head like a page's, so that its Ref is found from its address as well.
void* Slab::allocate_large(size_t bytes) {
  if (bytes > SIZE_MAX - 2 * PagePool::kPageSize) return nullptr;
  auto* stub = static_cast<void**>(allocate(sizeof(void*)));
  if (stub == nullptr) return nullptr;
  void* memory = nullptr;
  // Not rounded up: malloc's own header would then push the next such block a whole page on.
  if (posix_memalign(&memory, page_bytes_, sizeof(Page) + bytes) != 0) {
    deallocate(stub, sizeof(void*));
    return nullptr;
  }
  Page* head = new (memory) Page{nullptr, nullptr, ref_of(stub) | kLargeBit, 0, 0, 1, kClasses};
  *stub = head + 1;
  bytes_ += malloc_usable_size(memory);
  large_bytes_ += malloc_usable_size(memory);
  return head + 1;
}

void Slab::deallocate_large(void* block) {
  Page* head = page_of(block);
  assert(head->class_index == kClasses && "block freed with another size");
  const Ref stub = head->first & ~kLargeBit;
  deallocate(at(stub), sizeof(void*));
  bytes_ -= malloc_usable_size(head);
  large_bytes_ -= malloc_usable_size(head);
  std::free(head);
}

size_t Slab::occupied(const void* block, size_t bytes) const {
  return bytes <= kSlabBlockMax ? rounded(bytes)
                                : malloc_usable_size(page_of(block)) + rounded(sizeof(void*));
}

// The number of the region at `base`, a new one if it has none; false when numbers or memory are exhausted.
bool Slab::number_region(char* base, uint32_t* number) {
  if (last_region_ < regions_.size() && regions_[last_region_].base == base) {
    *number = last_region_;
    return true;
  }
  uint32_t unused = static_cast<uint32_t>(regions_.size());
  for (uint32_t i = 0; i < regions_.size(); ++i) {
    if (regions_[i].base == base) {
      *number = last_region_ = i;
      return true;
    }
    if (regions_[i].base == nullptr) unused = i;
  }
  if (unused > kRegionMask) return false;
  if (unused == regions_.size()) regions_.emplace_back();
  regions_[unused] = {base, 0};
  *number = last_region_ = unused;
  return true;
}

Slab::Page* Slab::pool_page_of(Page* page) {
  return reinterpret_cast<Page*>(reinterpret_cast<uintptr_t>(page) & ~(PagePool::kPageSize - 1));
}

bool Slab::is_unused(Page* pool_page) const {
  for (size_t at = 0; at < PagePool::kPageSize; at += page_bytes_) {
    if (reinterpret_cast<Page*>(pool_page->at(at))->class_index != kUnused) return false;
  }
  return true;
}

// Takes a page from the pool and puts what it is cut into on spare_.
bool Slab::cut_page() {
  auto* memory = static_cast<char*>(pages_->allocate());
  if (memory == nullptr) return false;
  auto* base = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(memory) & ~(PagePool::kRegionSize - 1));
  uint32_t region;
  if (!number_region(base, &region)) {
    pages_->deallocate(memory);
    return false;
  }
  ++regions_[region].pages;
  ++pool_pages_;
  for (size_t at = PagePool::kPageSize; at != 0;) {
    at -= page_bytes_;  // Backward, so that the first is taken first.
    const Ref first = region << kOffsetBits | static_cast<Ref>(static_cast<size_t>(memory + at - base) / 8);
    Page* page = new (memory + at) Page{nullptr, nullptr, first, 0, sizeof(Page), 0, kUnused};
    ASAN_POISON_MEMORY_REGION(page->at(sizeof(Page)), page_bytes_ - sizeof(Page));
    link(page, &spare_);
  }
  return true;
}

Slab::Page* Slab::add_page(size_t class_index) {
  if (spare_ == nullptr && !cut_page()) return nullptr;
  Page* page = spare_;
  unlink(page, &spare_);
  page->free = 0;
  page->untouched = sizeof(Page);
  page->class_index = static_cast<uint16_t>(class_index);
  link(page, &open_[class_index]);
  return page;
}

void Slab::drop_page(Page* page) {
  page->class_index = kUnused;
  link(page, &spare_);
  Page* pool_page = pool_page_of(page);
  if (!is_unused(pool_page)) return;
  for (size_t at = 0; at < PagePool::kPageSize; at += page_bytes_) {
    unlink(reinterpret_cast<Page*>(pool_page->at(at)), &spare_);
  }
  Region& region = regions_[pool_page->first >> kOffsetBits];
  if (--region.pages == 0) region.base = nullptr;
  ASAN_UNPOISON_MEMORY_REGION(pool_page, PagePool::kPageSize);
  pages_->deallocate(pool_page);
  --pool_pages_;
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
  const auto visit = [&](const Page* list, bool is_full) {
    for (const Page* page = list; page != nullptr; page = page->next) {
      ++pages;
      small_bytes += page->used * class_size(page->class_index);
      ok = ok && full(page) == is_full;
      ok = ok && (page->next == nullptr || page->next->prev == page);
    }
  };
  for (const Page* list : open_) visit(list, false);
  visit(full_, true);
  size_t region_pages = 0;
  for (const Region& region : regions_) {
    region_pages += region.pages;
    ok = ok && (region.base == nullptr) == (region.pages == 0);
  }
  for (const Page* page = spare_; page != nullptr; page = page->next) {
    ++pages;
    ok = ok && page->class_index == kUnused;
  }
  return ok && pages * page_bytes_ == page_bytes() && region_pages == pool_pages_ && small_bytes <= bytes_;
}

}  // namespace inlay
