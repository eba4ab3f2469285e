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

static __always_inline bool source_opened(struct file *file)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();

	if (!bpf_map_lookup_elem(&sourcing, &tid))
		return false;
	bpf_map_delete_elem(&sourcing, &tid);
	struct scratch *s = begin(KIND_SOURCE);
	if (!s)
		return true;
	push_path((u64)BPF_CORE_READ(file, f_path.mnt), (u64)BPF_CORE_READ(file, f_path.dentry), 0);
	send(&ring_process, s);
	return true;
}

#define EXE_NAME_BYTES 8

// Thread groups that run an interpreter: only their opens can bring in another script.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, u8);
} hosts SEC(".maps");

static __always_inline bool starts_with(const char *name, const char *prefix, int n)
{
	for (int i = 0; i < n; i++)
		if (name[i] != prefix[i])
			return false;
	return true;
}

// As enrich/script.rs, but by beginnings: python3.11 is a python. One too many costs events, no wrong row.
static __always_inline bool is_interpreter(const char *name)
{
	return starts_with(name, "sh", 3) || starts_with(name, "bash", 5) || starts_with(name, "dash", 5) ||
	       starts_with(name, "zsh", 3) || starts_with(name, "ksh", 3) || starts_with(name, "busybox", 7) ||
	       starts_with(name, "python", 6) || starts_with(name, "pypy", 4) || starts_with(name, "perl", 4) ||
	       starts_with(name, "ruby", 4) || starts_with(name, "node", 4) || starts_with(name, "php", 3) ||
	       starts_with(name, "pwsh", 5);
}

static __always_inline void host_execed(struct file *exe)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	char name[EXE_NAME_BYTES] = {};
	u8 one = 1;

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(exe, f_path.dentry, d_name.name));
	if (is_interpreter(name))
		bpf_map_update_elem(&hosts, &tgid, &one, BPF_ANY);
	else
		bpf_map_delete_elem(&hosts, &tgid);
}

static __always_inline void host_forked(u32 parent, u32 child)
{
	u8 one = 1;

	if (bpf_map_lookup_elem(&hosts, &parent))
		bpf_map_update_elem(&hosts, &child, &one, BPF_ANY);
}

static __always_inline void host_exited(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	bpf_map_delete_elem(&hosts, &tgid);
}

// True for a.sh, a.bash, a.py, a.pyc, a.pl, a.pm, a.rb, a.js, a.mjs, a.cjs, a.php, a.ps1, a.psm1, a.zsh.
static __always_inline bool looks_like_script(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	u32 len = BPF_CORE_READ(dentry, d_name.len);
	char end[6] = {};

	if (len < 4)
		return false;
	u32 n = len < 5 ? 4 : 5;
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	if (bpf_probe_read_kernel(end, n, name + len - n))
		return false;
	// The last dot of the name, and what follows it.
	for (int i = 0; i < 4; i++) {
		if (end[i] != '.')
			continue;
		char a = end[i + 1], b = end[i + 2];
		return (a == 's' && b == 'h') || (a == 'b' && b == 'a') || (a == 'z' && b == 's') || (a == 'p') ||
		       (a == 'r' && b == 'b') || (a == 'j' && b == 's') || (a == 'm' && b == 'j') ||
		       (a == 'c' && b == 'j');
	}
	return false;
}

// An interpreter reads a file that may be a script. Whether it is one, and a foreign one, is decided in user space.
static __always_inline void script_opened(struct file *file)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (!bpf_map_lookup_elem(&hosts, &tgid) || !looks_like_script(file))
		return;
	struct scratch *s = begin(KIND_SCRIPT_OPEN);
	if (!s)
		return;
	push_path((u64)BPF_CORE_READ(file, f_path.mnt), (u64)BPF_CORE_READ(file, f_path.dentry), 0);
	send(&ring_process, s);
}
