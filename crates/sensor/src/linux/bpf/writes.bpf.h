// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Open files: which open created one, and how much was written until the last descriptor was closed.

#define FMODE_WRITE 2 // include/linux/fs.h
#define FMODE_CREATED 0x100000
#define S_IFMT 0170000
#define S_IFREG 0100000
#define O_TRUNC 01000
#define PROT_WRITE 2
#define MAP_SHARED 1
#define FILES_MAX 32768
#define FD_WALK_MAX 4096

// What is known about an open file description that was created or written since it was opened.
struct file_state {
	u64 inode; // address of its inode: an entry whose close was not seen must not be taken for the next file's
	u64 bytes;
	u64 start;
	u64 cgroup;
	u32 tgid; // the last writer
	u32 tid;
	u8 created;
	u8 truncated;
	u8 mapped;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FILES_MAX);
	__type(key, u64); // address of the struct file
	__type(value, struct file_state);
} file_states SEC(".maps");

// Thread groups with an entry in file_states: only their descriptors are walked at exit.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u8);
} writers SEC(".maps");

static __always_inline bool is_regular(struct file *file)
{
	return file && (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFREG;
}

static __always_inline bool is_last_reference(struct file *file)
{
	struct file___ref *ref = (void *)file;
	struct file___count *count = (void *)file;

	if (bpf_core_field_exists(ref->f_ref))
		return BPF_CORE_READ(ref, f_ref.refcnt.counter) == 0;
	return BPF_CORE_READ(count, f_count.counter) <= 1;
}

static __always_inline void fill_file_numbers(struct event *e, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	e->n[FILE_INODE] = BPF_CORE_READ(inode, i_ino);
	e->n[FILE_DEV] = BPF_CORE_READ(inode, i_sb, s_dev);
	e->n[FILE_SIZE] = BPF_CORE_READ(inode, i_size);
	e->n[FILE_OPEN_FLAGS] = BPF_CORE_READ(file, f_flags);
	e->n[FILE_MODE] = BPF_CORE_READ(inode, i_mode);
}

static __always_inline void push_file_path(struct file *file, u32 section)
{
	u64 mnt = (u64)BPF_CORE_READ(file, f_path.mnt);
	u64 dentry = (u64)BPF_CORE_READ(file, f_path.dentry);

	push_path(mnt, dentry, section);
}

// The entry of an open file, unless it is that of another file which had the same address before.
static __always_inline struct file_state *state_of(struct file *file)
{
	u64 key = (u64)file;
	struct file_state *found = bpf_map_lookup_elem(&file_states, &key);

	return found && found->inode == (u64)BPF_CORE_READ(file, f_inode) ? found : NULL;
}

static __always_inline void remember(struct file *file, struct file_state *state)
{
	u64 key = (u64)file;
	u64 id = bpf_get_current_pid_tgid();
	struct task_struct *task = (void *)bpf_get_current_task();
	u32 tgid = id >> 32;
	u8 one = 1;

	state->inode = (u64)BPF_CORE_READ(file, f_inode);
	state->tgid = tgid;
	state->tid = (u32)id;
	state->start = BPF_CORE_READ(task, group_leader, start_boottime);
	state->cgroup = bpf_get_current_cgroup_id();
	bpf_map_update_elem(&file_states, &key, state, BPF_ANY);
	bpf_map_update_elem(&writers, &tgid, &one, BPF_ANY);
}

// An open that returned a descriptor. FMODE_CREATED says that this very call made the file; O_CREAT does not.
static __always_inline int opened(long ret, u16 flags)
{
	struct file *file;
	u64 key;

	file = file_of_fd(ret);
	if (!is_regular(file))
		return 0;
	if (!source_opened(file) && !(BPF_CORE_READ(file, f_mode) & FMODE_WRITE))
		script_opened(file);
	key = (u64)file;
	bool created = BPF_CORE_READ(file, f_mode) & FMODE_CREATED;
	bool truncated = BPF_CORE_READ(file, f_flags) & O_TRUNC;
	if (!created && !truncated) {
		// The same file opened again may have got the address of one whose close was not seen.
		if (BPF_CORE_READ(file, f_mode) & FMODE_WRITE)
			bpf_map_delete_elem(&file_states, &key);
		return 0;
	}
	if (is_excluded(KIND_FILE_CREATED))
		return 0;
	struct file_state state = { .created = created, .truncated = truncated };
	remember(file, &state);
	if (!created)
		return 0;
	struct scratch *s = begin(KIND_FILE_CREATED);
	if (!s)
		return 0;
	s->e.flags |= flags;
	fill_file_numbers(&s->e, file);
	push_file_path(file, 0);
	send(&ring_activity, s);
	return 0;
}

// `bytes` were written to a file, or its length was changed (0 bytes, `truncated`).
static __always_inline int written_to(struct file *file, long bytes, bool truncated, bool mapped)
{
	struct file_state *found;

	if (!is_regular(file))
		return 0;
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_map_lookup_elem(&excluded_tgids, &tgid))
		return 0;
	found = state_of(file);
	if (found && found->tgid == tgid) {
		__sync_fetch_and_add(&found->bytes, bytes);
		found->truncated |= truncated;
		found->mapped |= mapped;
		return 0;
	}
	struct file_state state = {};
	if (found)
		state = *found;
	state.bytes += bytes;
	state.truncated |= truncated;
	state.mapped |= mapped;
	remember(file, &state);
	return 0;
}

static __always_inline int written(u32 fd, long bytes, bool truncated, bool mapped)
{
	return written_to(file_of_fd(fd), bytes, truncated, mapped);
}

// Reports what was written through `file`, in the name of its last writer.
static __always_inline void report_modified(struct file *file, struct file_state *state)
{
	struct scratch *s = begin(KIND_FILE_MODIFIED);

	if (!s)
		return;
	s->e.tgid = state->tgid;
	s->e.tid = state->tid;
	s->e.start = state->start;
	s->e.cgroup = state->cgroup;
	fill_file_numbers(&s->e, file);
	s->e.n[FILE_BYTES] = state->bytes;
	if (BPF_CORE_READ(file, f_inode, i_mapping, i_mmap_writable.counter) > 0)
		s->e.flags |= FLAG_PROVISIONAL;
	push_file_path(file, 0);
	send(&ring_activity, s);
}

static __always_inline bool is_dirty(struct file_state *state)
{
	return !state->created && (state->bytes || state->truncated || state->mapped);
}

// A descriptor is about to be closed. Only the last reference ends the open file, except that a mapping holds
// one for ever: such a file is reported now and marked provisional.
static __always_inline int closing(u32 fd)
{
	struct file *file = file_of_fd(fd);
	u64 key = (u64)file;
	struct file_state *found, state;

	if (!file)
		return 0;
	found = state_of(file);
	if (!found)
		return 0;
	bool last = is_last_reference(file);
	if (!last && !found->mapped)
		return 0;
	state = *found;
	bpf_map_delete_elem(&file_states, &key);
	if (is_dirty(&state))
		report_modified(file, &state);
	return 0;
}

struct fd_walk {
	u64 slots;
	u32 tgid;
	u32 max;
};

static long left_open_step(u32 idx, struct fd_walk *walk)
{
	struct file *file = NULL;
	struct file_state *found, state;

	if (idx >= walk->max)
		return 1;
	bpf_probe_read_kernel(&file, sizeof(file), (void *)(walk->slots + (u64)idx * sizeof(file)));
	if (!file)
		return 0;
	u64 key = (u64)file;
	found = state_of(file);
	// Another process may still hold the file open: it reports what it writes itself.
	if (!found || found->tgid != walk->tgid)
		return 0;
	state = *found;
	bpf_map_delete_elem(&file_states, &key);
	if (is_dirty(&state))
		report_modified(file, &state);
	return 0;
}

// Most programs leave files open and let exit close them, where no system call is made.
static __always_inline void report_left_open(struct task_struct *task)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct fd_walk walk = { .tgid = tgid };

	if (!bpf_map_lookup_elem(&writers, &tgid))
		return;
	bpf_map_delete_elem(&writers, &tgid);
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	if (!fdt)
		return;
	walk.slots = (u64)BPF_CORE_READ(fdt, fd);
	walk.max = BPF_CORE_READ(fdt, max_fds);
	bpf_loop(FD_WALK_MAX, left_open_step, &walk, 0);
}
