#include "engine/transaction.h"

#include <algorithm>
#include <cassert>

namespace inlay {
namespace {

// What a string of `size` bytes under a key of `key_bytes` is held as.
Entry::Shape string_shape(size_t key_bytes, size_t size) {
  Entry::Shape shape;
  shape.key_bytes = static_cast<uint32_t>(key_bytes);
  shape.value_bytes = static_cast<uint32_t>(size);
  if (size > sizeof(void*) && !Entry::fits_inline(key_bytes, size)) {
    shape.encoding = Encoding::kBody;
    shape.value_bytes = sizeof(void*);
  }
  return shape;
}

Entry::Shape integer_shape() {
  Entry::Shape shape;
  shape.encoding = Encoding::kInteger;
  shape.value_bytes = sizeof(int64_t);
  return shape;
}

// Room for appends to come: double small strings, add a mebibyte to large ones.
size_t roomy(size_t size) { return size + std::min(size, size_t{1} << 20); }

}  // namespace

Entry* ReadTx::unless_dead(Shard& shard, const KeyRef& key, Entry* entry) {
  if (!is_doubtful(shard, entry)) return entry;
  return live(shard, physical_db(), key).entry;
}

bool ReadTx::reap(Shard& shard, int physical_db, const KeyRef& key, Found found) {
  const int db = engine_.logical(physical_db);
  bool dead = found.entry->has_timer() && shard.deadline(found.entry) <= now_ms();
  if (dead) {
    ++shard.stats().expired;
    notify(EventClass::kExpired, "expired", key, db);
  } else {
    const bool due =
        found.entry->has_field_deadlines() && found.entry->body<Container>()->next_deadline() <= now_ms();
    if (!due) return false;
    dead = shard.expire_some_fields(physical_db, found.entry, now_ms(), SIZE_MAX);
    notify(EventClass::kHash, "hexpired", key, db);
    if (dead) notify(EventClass::kGeneric, "del", key, db);
  }
  if (dead) notify_removal(key, found.entry->type(), Cause::kExpired, db);
  if (dead) shard.erase(physical_db, key, found, aftermath_.graveyard());
  shard.changed(physical_db, key.bytes);
  return dead;
}

// Gives `key` an entry of this shape, whose value is left to be set.
Entry* WriteTx::make_room(const KeyRef& key, Found& found, Entry::Shape shape, OldDeadline old) {
  Shard& shard = shard_of(key);
  const int db = physical_db();
  if (!found) {
    shape.has_timer = old == OldDeadline::kReplace;
    Entry* entry = shard.insert(db, key, shape, engine_.seen_s());
    if (entry == nullptr) return nullptr;
    notify(EventClass::kNew, "new", key);
    // The index may have grown: find the slot again only for whoever goes on to use it.
    found.entry = entry;
    found.slot = {};
    return entry;
  }
  shape.has_timer = old == OldDeadline::kReplace || (old == OldDeadline::kKeep && found.entry->has_timer());
  const Entry::Shape now = found.entry->shape();
  const bool fits = shape.type == now.type && shape.encoding == now.encoding &&
                    shape.has_timer == now.has_timer && shape.value_bytes == now.value_bytes &&
                    shape.encoding != Encoding::kBody;
  if (fits) {
    found.entry->set_raw(shape.raw);
  } else if (shard.reshape(db, found, shape, aftermath_.graveyard()) == nullptr) {
    return nullptr;
  }
  stamp(shard, found.entry);
  return found.entry;
}

bool WriteTx::replace_by_integer(const KeyRef& key, Found& found, int64_t value, OldDeadline old) {
  Entry* entry = make_room(key, found, integer_shape(), old);
  if (entry == nullptr) return false;
  entry->set_integer(value);
  changed(key, db_);
  return true;
}

bool WriteTx::replace_by_bytes(const KeyRef& key, Found& found, Bytes value, OldDeadline old) {
  const Entry::Shape shape = string_shape(key.bytes.size(), value.size());
  StringBody* body = nullptr;
  if (shape.encoding == Encoding::kBody) {
    body = Shard::allocate_body(value.size(), value.size());
    if (body == nullptr) return false;
    std::memcpy(body->data(), value.data(), value.size());
  }
  Entry* entry = make_room(key, found, shape, old);
  if (entry == nullptr) {
    if (body != nullptr) aftermath_.graveyard().bury(body);
    return false;
  }
  if (body != nullptr) {
    shard_of(key).attach_body(entry, body);
  } else if (!value.empty()) {
    value.copy(entry->inline_data(), value.size());
  }
  changed(key, db_);
  return true;
}

char* WriteTx::grow_string(const KeyRef& key, Found& found, size_t size) {
  Shard& shard = shard_of(key);
  char scratch[kInt64TextMax];
  std::string_view old;
  if (found) {
    old = found.entry->string_value(scratch);
    size = std::max(size, old.size());
    // A body with room to spare grows in place.
    if (found.entry->encoding() == Encoding::kBody) {
      auto* body = found.entry->body<StringBody>();
      if (body->capacity >= size) {
        std::memset(body->data() + body->size, 0, size - body->size);
        body->size = size;
        found.entry->set_raw(true);
        stamp(shard, found.entry);
        changed(key, db_);
        return body->data();
      }
    }
  }
  Entry::Shape shape = string_shape(key.bytes.size(), size);
  shape.raw = true;
  char* data = nullptr;
  if (shape.encoding == Encoding::kBody) {
    StringBody* body = Shard::allocate_body(size, found ? roomy(size) : size);
    if (body == nullptr) return nullptr;
    data = body->data();
    old.copy(data, old.size());
    std::memset(data + old.size(), 0, size - old.size());
    if (make_room(key, found, shape, OldDeadline::kKeep) == nullptr) {
      aftermath_.graveyard().bury(body);
      return nullptr;
    }
    shard.attach_body(found.entry, body);
  } else {
    char copy[kSlabBlockMax];
    old.copy(copy, old.size());
    if (make_room(key, found, shape, OldDeadline::kKeep) == nullptr) return nullptr;
    data = found.entry->inline_data();
    std::memcpy(data, copy, old.size());
    std::memset(data + old.size(), 0, size - old.size());
  }
  changed(key, db_);
  return data;
}

void WriteTx::tell_observers(Shard& shard, const KeyRef& key, int db) {
  shard.changed(engine_.physical(db), key.bytes);
  if (!shard.has_waiters() || shard.waiters().find(db, key.bytes) == nullptr) return;
  // The order of keys is that in which they first came to hold what may serve somebody.
  const Entry* entry = shard.find_entry(engine_.physical(db), key);
  if (entry != nullptr && (entry->type() == Type::kList || entry->type() == Type::kSortedSet))
    aftermath_.ready(db, key);
}

void ReadTx::note_hit(Shard& shard, Entry* entry) {
  const uint32_t second = engine_.seen_s();
  shard.bound()->hit(entry, second);
  if (entry->seen_s() != second) entry->set_seen_s(second);
}

void ReadTx::keep_event(EventClass event_class, std::string_view event, const KeyRef& key, int db) {
  aftermath_.event({.name = event, .event_class = event_class, .db = db, .key = std::string(key.bytes)});
}

void ReadTx::keep_removal(const KeyRef& key, Type type, Cause cause, int db) {
  aftermath_.event({.type = type, .cause = cause, .db = db, .key = std::string(key.bytes)});
}

void WriteTx::erase(const KeyRef& key, Found& found, Cause cause, int db) {
  notify_removal(key, found.entry->type(), cause, db);
  shard_of(key).erase(engine_.physical(db), key, found, aftermath_.graveyard());
  found = {};
  changed(key, db);
}

bool WriteTx::set_deadline(const KeyRef& key, Found& found, int64_t deadline_ms) {
  Shard& shard = shard_of(key);
  if (!found.slot && !found.entry->has_timer()) found = shard.find(physical_db(), key);
  if (!shard.set_deadline(physical_db(), found, deadline_ms)) return false;
  engine_.timer_added();
  changed(key, db_);
  return true;
}

bool WriteTx::clear_deadline(const KeyRef& key, Found& found) {
  if (!shard_of(key).clear_deadline(physical_db(), found)) return false;
  changed(key, db_);
  return true;
}

Found WriteTx::slot_of(const KeyRef& key, Entry* entry) {
  Shard& shard = shard_of(key);
  const Found found = shard.find(physical_db(), key);
  assert(found.entry == entry && "an Edit's key was reached by another way");
  (void)entry;
  return found;
}

void WriteTx::erase_entry(const KeyRef& key, Entry* entry) {
  Found found = slot_of(key, entry);
  notify(EventClass::kGeneric, "del", key);
  erase(key, found);
}

bool WriteTx::rewrite_block(const KeyRef& key, Entry* entry, std::string_view block) {
  if (!shard_of(key).rewrite_inline(entry, block)) return false;
  changed(key, db_);
  return true;
}

bool WriteTx::replace_by_block(const KeyRef& key, Found& found, Type type, std::string_view block,
                               OldDeadline old) {
  Entry::Shape shape;
  shape.type = type;
  shape.key_bytes = static_cast<uint32_t>(key.bytes.size());
  shape.value_bytes = static_cast<uint32_t>(block.size());
  Entry* entry = make_room(key, found, shape, old);
  if (entry == nullptr) return false;
  block.copy(entry->inline_data(), block.size());
  changed(key, db_);
  return true;
}

bool WriteTx::replace_by_container(const KeyRef& key, Found& found, Type type,
                                   std::unique_ptr<Container> container, OldDeadline old) {
  Entry::Shape shape;
  shape.type = type;
  shape.encoding = Encoding::kBody;
  shape.key_bytes = static_cast<uint32_t>(key.bytes.size());
  shape.value_bytes = sizeof(Container*);
  Entry* entry = make_room(key, found, shape, old);
  if (entry == nullptr) return false;
  if (shard_of(key).attach_container(physical_db(), entry, container.release())) engine_.timer_added();
  changed(key, db_);
  return true;
}

void WriteTx::update_field_timer(const KeyRef& key, Entry* entry) {
  if (shard_of(key).set_field_timer(physical_db(), entry)) engine_.timer_added();
}

// Gives an absent key the container of `source`, or `container` where there is one: then it is taken on success.
bool WriteTx::place_container(const KeyRef& to, int to_db, const Entry* source,
                              std::unique_ptr<Container>& container, std::optional<int64_t> deadline) {
  Shard& shard = shard_of(to);
  const int db = engine_.physical(to_db);
  Entry::Shape shape;
  shape.type = source->type();
  std::string_view block;
  std::unique_ptr<Container> fresh;
  if (container == nullptr) {
    block = source->inline_value();
    // A longer key can push a block out of the entry.
    if (!Entry::fits_inline(to.bytes.size(), block.size())) {
      fresh = hold_copy(shard.container_context(), shape.type, block);
      if (fresh == nullptr) return false;
    }
  }
  const bool has_body = container != nullptr || fresh != nullptr;
  shape.encoding = has_body ? Encoding::kBody : Encoding::kInline;
  shape.value_bytes = static_cast<uint32_t>(has_body ? sizeof(Container*) : block.size());
  shape.has_timer = deadline.has_value();
  Entry* entry = shard.insert(db, to, shape, engine_.seen_s());
  if (entry == nullptr) return false;
  if (deadline.has_value()) start_timer(shard, db, entry, *deadline);
  if (!has_body) {
    block.copy(entry->inline_data(), block.size());
  } else if (shard.attach_container(db, entry, (container != nullptr ? container : fresh).release())) {
    engine_.timer_added();
  }
  notify(EventClass::kNew, "new", to, to_db);
  changed(to, to_db);
  return true;
}

// Gives an absent key the value of `source`, or `body` where the value is one.
bool WriteTx::take_place(const KeyRef& to, int to_db, const Entry* source, StringBody* body,
                         std::optional<int64_t> deadline) {
  Shard& shard = shard_of(to);
  const int db = engine_.physical(to_db);
  Entry::Shape shape = source->shape();
  // Another key's length can push a value over the limit of a block, or let it back in.
  std::string_view bytes;
  if (source->type() == Type::kString && source->encoding() != Encoding::kInteger) {
    bytes = body != nullptr ? std::string_view(body->data(), body->size) : source->inline_value();
    shape = string_shape(to.bytes.size(), bytes.size());
    shape.raw = source->raw();
  }
  StringBody* fresh = nullptr;
  if (shape.encoding == Encoding::kBody && body == nullptr) {
    fresh = Shard::allocate_body(bytes.size(), bytes.size());
    if (fresh == nullptr) return false;
    std::memcpy(fresh->data(), bytes.data(), bytes.size());
  }
  shape.has_timer = deadline.has_value();
  Entry* entry = shard.insert(db, to, shape, engine_.seen_s());
  if (entry == nullptr) {
    if (fresh != nullptr) aftermath_.graveyard().bury(fresh);
    return false;
  }
  if (deadline.has_value()) start_timer(shard, db, entry, *deadline);
  switch (shape.encoding) {
    case Encoding::kInteger: entry->set_integer(source->integer()); break;
    case Encoding::kInline: {
      if (!bytes.empty()) std::memcpy(entry->inline_data(), bytes.data(), bytes.size());
      if (body != nullptr) aftermath_.graveyard().bury(body);
      break;
    }
    case Encoding::kBody: shard.attach_body(entry, body != nullptr ? body : fresh); break;
  }
  notify(EventClass::kNew, "new", to, to_db);
  changed(to, to_db);
  return true;
}

bool WriteTx::copy(const KeyRef& from, const Found& source, const KeyRef& to, int to_db) {
  if (source.entry->type() != Type::kString) {
    std::unique_ptr<Container> container;
    if (source.entry->encoding() == Encoding::kBody) {
      container = source.entry->body<Container>()->clone(shard_of(to).container_context());
      if (container == nullptr) return false;
    }
    return place_container(to, to_db, source.entry, container, deadline_ms(from, source.entry));
  }
  StringBody* body = nullptr;
  if (source.entry->encoding() == Encoding::kBody) {
    const auto* original = source.entry->body<StringBody>();
    body = Shard::allocate_body(original->size, original->size);
    if (body == nullptr) return false;
    std::memcpy(body->data(), original->data(), original->size);
  }
  if (take_place(to, to_db, source.entry, body, deadline_ms(from, source.entry))) return true;
  if (body != nullptr) aftermath_.graveyard().bury(body);
  return false;
}

bool WriteTx::move(const KeyRef& from, Found& source, const KeyRef& to, int to_db) {
  Shard& shard = shard_of(from);
  const bool has_body = source.entry->encoding() == Encoding::kBody;
  const std::optional<int64_t> deadline = deadline_ms(from, source.entry);
  if (source.entry->type() == Type::kString) {
    StringBody* body = has_body ? shard.detach_body(source.entry) : nullptr;
    if (!take_place(to, to_db, source.entry, body, deadline)) {
      if (has_body) shard.attach_body(source.entry, body);
      return false;
    }
  } else {
    std::unique_ptr<Container> container(has_body ? shard.detach_container(source.entry) : nullptr);
    if (!place_container(to, to_db, source.entry, container, deadline)) {
      if (has_body) (void)shard.attach_container(physical_db(), source.entry, container.release());
      return false;
    }
  }
  // The destination may share the source's index, which may have grown.
  Found again = shard.find(physical_db(), from);
  erase(from, again);
  source = {};
  return true;
}

}  // namespace inlay
