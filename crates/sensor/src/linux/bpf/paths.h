// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Paths out of the kernel's own objects: bpf_d_path is not allowed in tracepoints, so dentries are walked.
#ifndef NENRIN_PATHS_H
#define NENRIN_PATHS_H

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
