// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Rings, counters, the scratch record and the walks that every hook family shares.
#ifndef NENRIN_HELPERS_H
#define NENRIN_HELPERS_H

#define RING_PROCESS_BYTES (16 * 1024 * 1024)
#define RING_ACTIVITY_BYTES (16 * 1024 * 1024)
#define WAKEUP_BYTES (256 * 1024)
// Sections of one record end before SECTION_END; the slack behind it lets the verifier see that the last read,
// of at most CHUNK bytes, stays inside. The kernel limits a per-CPU value to 32 KiB.
#define SECTION_END 20480
#define CHUNK 8192
#define NAME_BYTES 256
#define STRING_BYTES 4096
#define PATH_STEPS 128

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_PROCESS_BYTES);
} ring_process SEC(".maps");

// A flood of file or network events must not push out an exec, so they have a ring of their own.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_ACTIVITY_BYTES);
} ring_activity SEC(".maps");

struct tally {
	u64 lost;
	u64 excluded;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, u32);
	__type(value, struct tally);
} tallies SEC(".maps");

// Thread groups whose file and network events are not wanted: the sensor's own, and the programs that the
// configuration names. Their starts and ends are recorded like everyone's.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u8);
} excluded_tgids SEC(".maps");

struct scratch {
	u64 off;
	struct event e;
	u8 data[SECTION_END + CHUNK];
};

// Used only by hooks that run in process context with preemption off (tracepoints), so one per CPU is enough.
// Hooks that also run in a softirq or that can be preempted (sockets, packets, uprobes) reserve in the ring.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch_get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline void count_lost(u32 kind)
{
	struct tally *tally = bpf_map_lookup_elem(&tallies, &kind);

	if (tally)
		__sync_fetch_and_add(&tally->lost, 1);
}

static __always_inline bool is_excluded(u32 kind)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (!bpf_map_lookup_elem(&excluded_tgids, &tgid))
		return false;
	struct tally *tally = bpf_map_lookup_elem(&tallies, &kind);
	if (tally)
		__sync_fetch_and_add(&tally->excluded, 1);
	return true;
}

static __always_inline void fill_head(struct event *e, u16 kind)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 id = bpf_get_current_pid_tgid();

	__builtin_memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->len = sizeof(*e);
	e->ts = bpf_ktime_get_boot_ns();
	e->tgid = id >> 32;
	e->tid = (u32)id;
	e->start = BPF_CORE_READ(task, group_leader, start_boottime);
	e->cgroup = bpf_get_current_cgroup_id();
	e->uid = (u32)bpf_get_current_uid_gid();
	e->euid = BPF_CORE_READ(task, cred, euid.val);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

static __always_inline struct scratch *begin(u16 kind)
{
	struct scratch *s = scratch_get();

	if (!s)
		return NULL;
	fill_head(&s->e, kind);
	s->off = 0;
	return s;
}

static __always_inline u64 wakeup_flags(void *ring)
{
	return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > WAKEUP_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void send(void *ring, struct scratch *s)
{
	u64 off = s->off;

	asm volatile("" : "+r"(off));
	if (off > SECTION_END)
		off = SECTION_END;
	s->e.len = sizeof(s->e) + off;
	if (bpf_ringbuf_output(ring, &s->e, sizeof(s->e) + off, wakeup_flags(ring)))
		count_lost(s->e.kind);
}

// Appends a string from user (or kernel) memory as section `section`.
static __always_inline void push_string(struct scratch *s, u32 section, const void *from, bool user)
{
	u64 off = s->off;

	asm volatile("" : "+r"(off));
	if (off > SECTION_END - STRING_BYTES || section >= SECTIONS) {
		s->e.flags |= FLAG_CUT;
		return;
	}
	long n = user ? bpf_probe_read_user_str(s->data + off, STRING_BYTES, from)
		      : bpf_probe_read_kernel_str(s->data + off, STRING_BYTES, from);
	if (n <= 0)
		return;
	s->e.sec[section] = n;
	s->off = off + n;
}

#endif
