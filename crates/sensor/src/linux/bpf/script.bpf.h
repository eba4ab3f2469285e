// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Which file a bash is executing: the script itself, or one that it reads in with `.` or `source`.

// Threads that have entered source_file() and not yet opened the file.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u8);
} sourcing SEC(".maps");

// match-proto:5.2:builtins/evalfile.c:int source_file(const char *filename, int sflags)
// Why this hook: a sourced file is no process and no exec; only bash knows when it begins and ends. The name
// it passes may be relative to anything, so the file itself is taken from the open() that follows.
SEC("uprobe")
int BPF_UPROBE(on_source)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	u8 one = 1;

	bpf_map_update_elem(&sourcing, &tid, &one, BPF_ANY);
	return 0;
}

// match-proto:5.2:builtins/evalfile.c:int source_file(const char *filename, int sflags)
// Why this hook: see on_source. Also after `return` and errors, which bash turns into an ordinary return.
SEC("uretprobe")
int BPF_URETPROBE(on_sourced)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct event *e;

	// There was nothing to open: no beginning was reported, so there is no end.
	if (bpf_map_lookup_elem(&sourcing, &tid)) {
		bpf_map_delete_elem(&sourcing, &tid);
		return 0;
	}
	e = bpf_ringbuf_reserve(&ring_process, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_SOURCE_END);
		return 0;
	}
	fill_head(e, KIND_SOURCE_END);
	bpf_ringbuf_submit(e, wakeup_flags(&ring_process));
	return 0;
}

static __always_inline void source_opened(struct file *file)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();

	if (!bpf_map_lookup_elem(&sourcing, &tid))
		return;
	bpf_map_delete_elem(&sourcing, &tid);
	struct scratch *s = begin(KIND_SOURCE);
	if (!s)
		return;
	push_path((u64)BPF_CORE_READ(file, f_path.mnt), (u64)BPF_CORE_READ(file, f_path.dentry), 0);
	send(&ring_process, s);
}
