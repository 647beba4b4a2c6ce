"""The rows that Inlay is measured by: what is compared with what, what must be reached and what is aimed at."""

from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class Row:
    """One comparison. Peer and ours are costs (ns, bytes): less is better, and the ratio is peer / ours."""

    section: str
    name: str
    unit: str
    peer: Callable  # Results -> cost, or None where the row has no peer.
    ours: Callable
    must: Optional[float] = None  # A ratio; with `limits` set, a cost of ours.
    aim: Optional[float] = None
    limits: bool = False


class Results:
    """Medians over the repetitions of every benchmark that ran."""

    def __init__(self):
        self._samples = {}

    def add(self, report):
        for run in report["benchmarks"]:
            if run.get("run_type") != "iteration":
                continue
            if run.get("error_occurred"):
                raise SystemExit(f"{run['name']}: {run['error_message']}")
            # get/fresh/inlay/real_time/threads:2 -> get/fresh/inlay with 2 threads
            parts = run["run_name"].split("/")
            steps = [part for part in parts if part.startswith("step_ms:")]
            key = "/".join(parts[:3] + steps), run.get("threads", 1)
            costs = {name: value for name, value in run.items() if isinstance(value, float)}
            costs["ns"] = self._ns_per_item(run)
            costs["cores"] = run["cpu_time"] / run["real_time"]
            for name, cost in costs.items():
                self._samples.setdefault((*key, name), []).append(cost)

    def starved(self):
        """The benchmarks of several threads that got fewer cores than threads, and the cores they got."""
        several = {(name, threads) for name, threads, _ in self._samples if threads > 1}
        cores = {f"{name}, {threads}T": self.cost(name, threads, "cores") for name, threads in several}
        wanted = {f"{name}, {threads}T": 0.9 * threads for name, threads in several}
        return {name: got for name, got in cores.items() if got < wanted[name]}

    @staticmethod
    def _ns_per_item(run):
        if "items_per_second" not in run:
            return run["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
        ns = 1e9 / run["items_per_second"]
        # Items are counted per processor time unless the run asked for real time. One thread that never waits: there too
        # its processor time leaves other programs out.
        if run.get("threads", 1) == 1 and "/real_time" in run["run_name"]:
            ns *= run["cpu_time"] / run["real_time"]
        return ns

    def cost(self, benchmark, threads=1, figure="ns"):
        samples = sorted(self._samples.get((benchmark, threads, figure), []))
        return samples[len(samples) // 2] if samples else None


def cost(benchmark, threads=1, figure="ns"):
    return lambda results: results.cost(benchmark, threads, figure)


def nobody(_results):
    return None


def keyspace_rows():
    rows = []
    section = "Keyspace, against 1024 x spin lock + absl::flat_hash_map<string, string>"
    for name, call, must, aim in (
        ("get, copy out, fresh key", "get/fresh", 1.4, 2.0),
        ("visit, prebuilt keys", "visit/prebuilt", 1.25, 1.8),
        ("get miss, prebuilt keys", "get_miss/prebuilt", 1.0, 1.3),
        ("50/50 get/set, fresh key", "get_set/fresh", 1.4, 1.8),
        ("incr, fresh key", "incr/fresh", 1.5, 2.5),
        ("Zipf(0.99) get, fresh key", "get_zipf099/fresh", 1.35, 1.8),
    ):
        for threads in (1, 2):
            rows.append(Row(section, f"{name}, {threads}T", "ns", cost(f"{call}/spin_map", threads),
                            cost(f"{call}/inlay", threads), must, aim))
    latency = "load_latency/10M"
    for size, load in (("1M", "load/1M"), ("10M", latency)):
        rows.append(Row(section, f"load of {size}, per insert", "ns", cost(load + "/spin_map"), cost(load + "/inlay"),
                        1.7, 2.2))
    rows.append(Row(section, "slowest insert of a 10M load", "us", micro(latency + "/spin_map", "slowest_ns"),
                    micro(latency + "/inlay", "slowest_ns"), 1000, 300, limits=True))
    rows.append(Row(section, "p99.99 insert of a 10M load", "us", micro(latency + "/spin_map", "p9999_ns"),
                    micro(latency + "/inlay", "p9999_ns"), 64, 20, limits=True))
    rows.append(Row(section, "memory over key + value, per key", "B", cost("memory/1M/spin_map", 1, "process_bytes"),
                    cost("memory/1M/inlay", 1, "process_bytes"), 34, 20, limits=True))
    return rows


def micro(benchmark, figure):
    def cost_us(results):
        ns = results.cost(benchmark, 1, figure)
        return None if ns is None else ns / 1000

    return cost_us


def own_rows():
    section = "Keyspace, against Inlay itself"
    rows = [Row(section, f"mget of 16 fresh keys, per key, against single get, {threads}T", "ns",
                cost("get/fresh/inlay", threads), cost("mget16/fresh/inlay", threads), 3.0, 4.0) for threads in (1, 2)]
    for name, call in (("get, fresh key", "get/fresh"), ("visit, prebuilt keys", "visit/prebuilt"),
                       ("get miss, prebuilt keys", "get_miss/prebuilt"), ("50/50 get/set, fresh key", "get_set/fresh"),
                       ("incr, fresh key", "incr/fresh")):
        rows.append(Row(section, f"{name}: two threads against one", "ns", cost(f"{call}/inlay", 1),
                        cost(f"{call}/inlay", 2), 1.8, 1.95))
    return rows


def tbb_rows():
    section = "Keyspace, against tbb::concurrent_hash_map<string, string>"
    return [Row(section, f"{name}, {threads}T", "ns", cost(f"{call}/tbb", threads), cost(f"{call}/inlay", threads))
            for name, call in (("get, copy out, fresh key", "get/fresh"), ("visit, prebuilt keys", "visit/prebuilt"),
                               ("50/50 get/set, fresh key", "get_set/fresh"), ("incr, fresh key", "incr/fresh"))
            for threads in (1, 2)]


def command_rows():
    section = "Commands, against the time per call that redis-server 7.0.15 reports"
    rows = []
    for command in ("get", "set", "incr"):
        peer = cost(f"{command}/1M/redis")
        rows.append(Row(section, f"{command}, 1M keys, fresh key", "ns", peer, cost(f"{command}/1M/inlay"), 2.0, 5.0))
        rows.append(Row(section, f"{command}, 1M keys, prebuilt keys", "ns", peer,
                        cost(f"{command}_prebuilt/1M/inlay")))
    return rows


def eviction_rows():
    section = "Limits, 1M keys, against a store without them"
    rows = [Row(section, "get of a key that is there, prebuilt key", "ns", cost("get_hit/1M/no_limit"),
                cost("get_hit/1M/bounded"), 0.95, 1.0)]
    for policy, must in (("a3", 0.625), ("lru", None), ("lfu", None), ("random", None)):
        rows.append(Row(section, f"set that evicts ({policy}), fresh key, against one that only inserts", "ns",
                        cost("evicting_set/1M/grows"), cost(f"evicting_set/1M/evicts_{policy}"), must, None))
    rows.append(Row(section, "the same (a3) against one that replaces a value", "ns", cost("evicting_set/1M/replaces"),
                    cost("evicting_set/1M/evicts_a3")))
    pause = "large_value/64MiB"
    rows.append(Row(section, "slowest call when a 1 MiB value comes into 64 MiB of 64-byte ones", "us",
                    cost(pause + "/no_limit", 1, "large_us"), cost(pause + "/bounded", 1, "pause_us"), 1000, None, True))
    rows.append(Row(section, "what eviction keeps per entry", "B", nobody,
                    cost("eviction_bytes/1M/a3", 1, "bytes_per_entry"), 12, None, True))
    return rows


def memory_rows():
    section = "Memory per key, key and value included, against used_memory of redis-server 7.0.15"
    rows = []
    for name, kind, must, aim in (("string, 17 + 32 B", "string", 82, 66),
                                  ("the same with a TTL", "string_with_ttl", 104, None),
                                  ("integer", "integer", 48, None)):
        peer = cost(f"memory_{kind}/1M/redis", 1, "account_bytes")
        ours = f"memory_{kind}/1M/inlay"
        rows.append(Row(section, f"{name}, store's account", "B", peer, cost(ours, 1, "account_bytes"), must, aim, True))
        rows.append(Row(section, f"{name}, resident memory", "B", peer, cost(ours, 1, "process_bytes")))
    return rows


def timer_rows():
    section = "Timers, 1M pending over an hour, against std::multimap"
    rows = [Row(section, f"{call}, per timer", "ns", cost(f"timer_{call}/1M_over_1h/multimap"),
                cost(f"timer_{call}/1M_over_1h/timer_wheel"), must, aim, True)
            for call, must, aim in (("schedule", 15, 5), ("reschedule", 60, 25), ("cancel", 15, 5))]
    step = "/step_ms:10"
    rows.append(Row(section, "expire, per timer, in steps of 10 ms", "ns", cost("timer_expire/1M_over_1h/multimap" + step),
                    cost("timer_expire/1M_over_1h/timer_wheel" + step), 100, 65, True))
    rows.append(Row(section, "memory per timer", "B", nobody,
                    cost("timer_schedule/1M_over_1h/timer_wheel", 1, "bytes_per_timer"), 24, 16, True))
    return rows


def index_rows():
    section = "The index alone, 1M records, against absl::flat_hash_map<uint64_t, Record*>"
    return [Row(section, call, "ns", cost(f"index_{call}/1M/flat_hash_map"), cost(f"index_{call}/1M/tag_index"))
            for call in ("find_hit", "find_miss", "insert", "erase")]


def list_rows():
    section = "Lists, against redis-server 7.0.15: one of 1M 10-byte items, 200k of ten 8-byte items"
    rows = [Row(section, name, "ns", cost(f"{call}/1M/redis"), cost(f"{call}/1M/inlay"), must, 8.0)
            for name, call, must in (("rpush", "rpush", 3.0), ("lpop", "lpop", 3.0),
                                     ("lindex in the middle", "lindex_middle", 4.0),
                                     ("lrange of 100 from the middle", "lrange100_middle", 4.0))]
    for name, call, must in (("one long list, per item", "memory_list/1M", 12.2),
                             ("a short list, key included", "memory_short_list/200k", 144)):
        peer = cost(f"{call}/redis", 1, "account_bytes")
        rows.append(Row(section, f"{name}, store's account", "B", peer, cost(f"{call}/inlay", 1, "account_bytes"), must,
                        None, True))
        rows.append(Row(section, f"{name}, resident memory", "B", peer, cost(f"{call}/inlay", 1, "process_bytes")))
    section = "The list alone, 10-byte items, against std::deque<std::string>"
    return rows + [Row(section, f"{name}, {size}", "ns", cost(f"{call}/{size}/deque"), cost(f"{call}/{size}/list"))
                   for name, call, size in (("push_back", "list_push_back", "1M"),
                                            ("push_back and pop_front", "list_rpush_lpop", "20"),
                                            ("push_front and pop_back", "list_lpush_rpop", "20"),
                                            ("push_back and pop_front", "list_rpush_lpop", "1M"),
                                            ("push_front and pop_back", "list_lpush_rpop", "1M"),
                                            ("a random index", "list_at", "1M"),
                                            ("a range of 100", "list_range_100", "1M"),
                                            ("insert and erase in the middle", "list_insert_erase", "1M"))]


def hash_rows():
    section = "Hashes, against the time per call and used_memory of redis-server 7.0.15"
    must = {"hget": (2.0, 5.0)}
    rows = [Row(section, f"{command}, 1M fields", "ns", cost(f"{command}/1M/redis"), cost(f"{command}/1M/inlay"),
                *must.get(command, (None, None))) for command in ("hget", "hset", "hexists", "hincrby")]
    rows.append(Row(section, "hgetall of 5 fields, 1M hashes", "ns", cost("hgetall/1M/redis"), cost("hgetall/1M/inlay")))
    for name, kind, most, aim in (("memory per field of 12 + 12 B, 1M fields", "hash", 48, 41),
                                  ("memory per hash of 5 fields of 2 + 8 B", "small_hash", 112, None)):
        rows.append(Row(section, name, "B", cost(f"memory_{kind}/1M/redis", 1, "account_bytes"),
                        cost(f"memory_{kind}/1M/inlay", 1, "account_bytes"), most, aim, True))
    section = "The hash alone, 1M fields of 12 + 12 B, against absl::flat_hash_map<string, string>"
    rows += [Row(section, call, "ns", cost(f"hash_{call}/1M/flat_hash_map"), cost(f"hash_{call}/1M/inlay"))
             for call in ("load", "find", "find_miss", "replace", "walk")]
    rows.append(Row(section, "slowest insert of the load", "us", cost("hash_load/1M/flat_hash_map", 1, "slowest_us"),
                    cost("hash_load/1M/inlay", 1, "slowest_us"), 1000, None, True))
    rows += [Row(section, f"{name}, per field", "ns", nobody, cost(f"hash_deadline_{call}/1M/inlay"))
             for name, call in (("set a deadline", "set"), ("expire", "expire"))]
    return rows


def set_rows():
    kinds = (("strings_1M", "strings of 12 B"), ("integers_1M", "integers below 10M"))
    section = "Sets, against the time per call that redis-server 7.0.15 reports"
    rows = [Row(section, f"{command}, {what}, 1M members", "ns", cost(f"{command}/{kind}/redis"),
                cost(f"{command}/{kind}/inlay"), 3.0, 6.0)
            for command in ("sismember", "sadd") for kind, what in kinds]
    rows += [Row(section, f"{command} of two 100k sets, {what}", "us", micro(f"{command}/{kind}/redis", "ns"),
                 micro(f"{command}/{kind}/inlay", "ns"), *target)
             for command, target in (("sinter", (4.0, 10.0)), ("sinterstore", (None, None))) for kind, what in kinds]
    section = "Sets, memory per member, against used_memory of redis-server 7.0.15"
    for kind, what, must in (("strings_1M", "strings of 12 B", 28), ("integers_1M", "integers below 10M", 16)):
        peer = cost(f"memory/{kind}/redis", 1, "account_bytes")
        rows.append(Row(section, f"{what}, store's account", "B", peer,
                        cost(f"memory/{kind}/inlay", 1, "account_bytes"), must, None, True))
        rows.append(Row(section, f"{what}, resident memory", "B", peer, cost(f"memory/{kind}/inlay", 1, "process_bytes")))
    section = "The set alone, 1M members, against absl::flat_hash_set<string>"
    rows += [Row(section, f"{call}, {what}", "ns", cost(f"container_{call}/{kind}/flat_hash_set"),
                 cost(f"container_{call}/{kind}/inlay"))
             for call in ("insert", "contains", "intersect_100k") for kind, what in kinds]
    section = "The set alone, 1M integers, against std::set<int64_t>"
    rows += [Row(section, call, "ns", cost(f"container_{call}/integers_1M/std_set"),
                 cost(f"container_{call}/integers_1M/inlay")) for call in ("insert", "contains", "intersect_100k")]
    return rows


def sorted_set_rows():
    section = "Sorted sets, against redis-server 7.0.15: one of 1M 12-byte members"
    rows = [Row(section, name, "ns", cost(f"{call}/1M/redis"), cost(f"{call}/1M/inlay"), must, aim)
            for name, call, must, aim in (("zadd, a new member", "zadd_new", 3.0, 5.0),
                                          ("zadd, another score", "zadd_update", 3.0, 5.0),
                                          ("zscore", "zscore", 4.0, 8.0), ("zrank", "zrank", 4.0, 8.0),
                                          ("zrange of 100 from the middle", "zrange100_middle", 6.0, 10.0))]
    peer = cost("memory_zset/1M/redis", 1, "account_bytes")
    rows.append(Row(section, "one member, store's account", "B", peer,
                    cost("memory_zset/1M/inlay", 1, "account_bytes"), 64, None, True))
    rows.append(Row(section, "one member, resident memory", "B", peer,
                    cost("memory_zset/1M/inlay", 1, "process_bytes")))
    section = "The sorted set alone, 1M 12-byte members, against absl::btree_set beside flat_hash_map"
    return rows + [Row(section, name, "ns", cost(f"{call}/1M/btree_and_map"), cost(f"{call}/1M/sorted_set"))
                   for name, call in (("load, scores at random", "zset_load_shuffled"),
                                      ("load, scores ascending", "zset_load_ascending"),
                                      ("another score", "zset_rescore"), ("score of a member", "zset_score"),
                                      ("100 elements from a score on", "zset_walk_100"))]


def pipeline_rows():
    section = "Pipelines, per call, against the same calls made singly: 1M keys"
    rows = [Row(section, f"{call} x {batch}, {threads}T", "ns", cost(f"{call}/1M/single", threads),
                cost(f"{call}/1M/pipeline{batch}", threads), 2.5, 4.0)
            for call, batches in (("get", (16, 32, 100)), ("incr", (32,))) for batch in batches for threads in (1, 2)]
    section = "A transaction on one key, which reads and writes it, against a single incr"
    return rows + [Row(section, f"{name}, {where}", "ns", cost(f"incr/{keys}/single"), cost(f"{call}/{keys}/inlay"), must)
                   for name, call, must in (("watch and multi", "watch_multi", 0.25),
                                            ("atomic closure", "atomically", None))
                   for keys, where in (("1M", "1M keys"), ("16", "16 keys"))]


def cache_rows():
    section = "A hit in Cache<std::string>, against get of the same keys with a time to live"
    rows = [Row(section, f"{name}, {where}, {threads}T", "ns", cost(f"hit/{keys}/raw", threads),
                cost(f"hit/{keys}/{call}", threads), must)
            for name, call, must in (("get", "get", 0.667), ("get_or_load", "get_or_load", 0.667),
                                     ("get_or_load that reloads ahead", "reload_ahead", None))
            for keys, where in (("1M", "1M keys"), ("16", "16 keys")) for threads in (1, 2)]
    rows.append(Row(section, "loads by 1,000 threads that ask for one missing key", "", nobody,
                    cost("stampede/1000/cache", 1, "loads"), 1, None, True))
    return rows


def publish_rows():
    section = "Publishing, against the time per call that redis-server 7.0.15 reports, its subscribers connected"
    rows = [Row(section, f"publish to {count} subscriber{'' if count == 1 else 's'}", "ns", cost(f"publish/{count}/redis"),
                cost(f"publish/{count}/inlay"), 3.0, 8.0) for count in (1, 8, 100)]
    section = "Publishing, further costs"
    rows += [Row(section, name, "ns", nobody, cost(f"{call}/inlay")) for name, call in (
        ("publish to a channel without subscribers", "publish/nobody"),
        ("the same beside 1000 patterns that begin otherwise", "publish/1000_patterns"),
        ("publish to 8 full queues, the oldest dropped", "publish_full/8"),
        ("publish to 8 subscribers, and read all copies", "publish_read/8"))]
    section = "Publishing a million messages to subscribers with threads of their own, none lost: per message"
    rows += [Row(section, f"{count} subscriber{'' if count == 1 else 's'}, the publisher waits for them", "ns", nobody,
                 cost(f"publish_wait/{count}/inlay")) for count in (1, 8, 64)]
    return rows


ROWS = (keyspace_rows() + own_rows() + pipeline_rows() + cache_rows() + tbb_rows() + command_rows() + memory_rows() +
         eviction_rows() + list_rows() + hash_rows() + set_rows() + sorted_set_rows() + publish_rows() + timer_rows() +
         index_rows())


@dataclass(frozen=True)
class Measured:
    """A row with its figures."""

    row: Row
    peer: Optional[float]
    ours: float

    @property
    def ratio(self):
        return self.peer / self.ours if self.peer and self.ours > 0 else None

    def as_ratio(self, target):
        """What ratio a target asks for, given what the peer measured."""
        if target is None or not self.row.limits:
            return target
        return self.peer / target if self.peer else None

    @property
    def verdict(self):
        if self.row.must is None:
            return ""
        if self.row.limits:
            reaches = lambda target: target is not None and self.ours <= target
        else:
            reaches = lambda target: target is not None and self.ratio >= target
        return "OK, aim" if reaches(self.row.aim) else "OK" if reaches(self.row.must) else "MISSED"


def measure(results):
    """The rows whose benchmarks ran."""
    measured = []
    for row in ROWS:
        peer, ours = row.peer(results), row.ours(results)
        if ours is not None and (peer is not None or row.peer is nobody):
            measured.append(Measured(row, peer, ours))
    return measured
