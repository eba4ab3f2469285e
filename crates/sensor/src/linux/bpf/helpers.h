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

struct walk {
	struct dentry *dentry;
	struct mount *mount;
};

// One name of a path, or one step over a mount point. Returns 1 at the top.
static long walk_step(u32 idx, struct walk *walk)
{
	struct scratch *s = scratch_get();
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;

	if (!s)
		return 1;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	if (dentry == root) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);

		if (above == mount)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		return 0;
	}
	u64 off = s->off;
	asm volatile("" : "+r"(off));
	if (off > SECTION_END - NAME_BYTES) {
		s->e.flags |= FLAG_CUT;
		return 1;
	}
	long n = bpf_probe_read_kernel_str(s->data + off, NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
	if (n > 0)
		s->off = off + n;
	// A memfd has a name but no parent: it ends here.
	if (dentry == parent)
		return 1;
	walk->dentry = parent;
	return 0;
}

// Appends the names from `dentry` up to the root as section `section`. A global function with bpf_loop:
// a static one, or an unrolled loop, is verified once per caller and exceeds a million instructions.
__attribute__((noinline)) int push_path(u64 vfsmount, u64 dentry, u32 section)
{
	struct scratch *s = scratch_get();
	struct walk walk = {
		.dentry = (void *)dentry,
		.mount = (void *)(vfsmount - bpf_core_field_offset(struct mount, mnt)),
	};

	if (!s || section >= SECTIONS)
		return 0;
	u64 before = s->off;
	if (bpf_loop(PATH_STEPS, walk_step, &walk, 0) == PATH_STEPS)
		s->e.flags |= FLAG_CUT;
	s->e.sec[section] = s->off - before;
	return 0;
}

struct cgroup_walk {
	struct kernfs_node *node;
};

static long cgroup_step(u32 idx, struct cgroup_walk *walk)
{
	struct scratch *s = scratch_get();
	struct kernfs_node *node = walk->node;
	struct kernfs_node *parent;

	if (!s || !node)
		return 1;
	if (bpf_core_field_exists(node->__parent))
		parent = BPF_CORE_READ(node, __parent);
	else
		parent = BPF_CORE_READ((struct kernfs_node___parent *)node, parent);
	// The root has an empty name and no parent.
	if (!parent)
		return 1;
	u64 off = s->off;
	asm volatile("" : "+r"(off));
	if (off > SECTION_END - NAME_BYTES)
		return 1;
	long n = bpf_probe_read_kernel_str(s->data + off, NAME_BYTES, BPF_CORE_READ(node, name));
	if (n > 0)
		s->off = off + n;
	walk->node = parent;
	return 0;
}

// Appends the names of the current task's cgroup v2, leaf first.
__attribute__((noinline)) int push_cgroup(u32 section)
{
	struct scratch *s = scratch_get();
	struct task_struct *task = (void *)bpf_get_current_task();
	struct cgroup_walk walk = { .node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn) };

	if (!s || section >= SECTIONS)
		return 0;
	u64 before = s->off;
	bpf_loop(PATH_STEPS, cgroup_step, &walk, 0);
	s->e.sec[section] = s->off - before;
	return 0;
}

static __always_inline struct file *file_of_fd(u32 fd)
{
	struct files_struct *files = bpf_get_current_task_btf()->files;
	struct file *file = NULL;

	if (!files)
		return NULL;
	struct fdtable *fdt = files->fdt;
	struct file **slots = fdt->fd;
	if (fd >= fdt->max_fds)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &slots[fd]);
	return file;
}

#define AT_FDCWD -100

struct base {
	u64 mnt;
	u64 dentry;
};

// The directory that a path argument starts from: the process's root, its working directory, or an open one.
// Read by helper, not through BTF pointers: a global function takes numbers only.
static __always_inline struct base base_of(char first, int dfd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct base base = {};

	if (first == '/' && fs) {
		base.mnt = (u64)BPF_CORE_READ(fs, root.mnt);
		base.dentry = (u64)BPF_CORE_READ(fs, root.dentry);
	} else if (dfd == AT_FDCWD && fs) {
		base.mnt = (u64)BPF_CORE_READ(fs, pwd.mnt);
		base.dentry = (u64)BPF_CORE_READ(fs, pwd.dentry);
	} else {
		struct file *file = file_of_fd(dfd);

		base.mnt = (u64)BPF_CORE_READ(file, f_path.mnt);
		base.dentry = (u64)BPF_CORE_READ(file, f_path.dentry);
	}
	return base;
}

// The sensor's own mount namespace: only there do its own symbolic links mean anything.
const volatile u32 own_mount_ns;

// Appends a path argument as two sections: the string, and the directory it starts from.
static __always_inline void push_path_argument(struct scratch *s, u32 section, int dfd, const void *name, bool user)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char first = 0;

	if (user) {
		s->e.flags |= FLAG_USER_PATH;
		bpf_probe_read_user(&first, 1, name);
	} else {
		bpf_probe_read_kernel(&first, 1, name);
	}
	if (BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) != own_mount_ns)
		s->e.flags |= FLAG_OTHER_MOUNTS;
	push_string(s, section, name, user);
	struct base base = base_of(first, dfd);
	u64 mnt = base.mnt, dentry = base.dentry;
	push_path(mnt, dentry, section + 1);
}

static __always_inline void push_user_path(struct scratch *s, u32 section, int dfd, const void *name)
{
	push_path_argument(s, section, dfd, name, true);
}

#endif
