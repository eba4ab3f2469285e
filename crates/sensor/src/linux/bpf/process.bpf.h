// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Processes: fork, exec with its whole argv, exit, exec that failed, and the snapshot of what already runs.

#define ARGV_INLINE 4096
#define ARGV_CHUNKS 16 // × CHUNK = 128 KiB recovered; what is beyond is counted and cut
#define PIDTYPE_SID 3
#define PF_KTHREAD 0x00200000 // include/linux/sched.h
#define SIGNAL_GROUP_EXIT 4

// match-proto:6.18:include/trace/events/sched.h:sched_process_fork(struct task_struct *parent, struct task_struct *child)
// Why this hook: the only moment when parent and child are both known for sure. A parent asked for later may
// be dead, and the child handed to init. Threads are left out: an action carries its thread id.
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	if (child->pid != child->tgid || child->flags & PF_KTHREAD)
		return 0;
	host_forked(bpf_get_current_pid_tgid() >> 32, child->pid);
	struct event *e = bpf_ringbuf_reserve(&ring_process, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_FORK);
		return 0;
	}
	fill_head(e, KIND_FORK);
	e->n[0] = child->pid;
	e->n[1] = child->start_boottime;
	e->n[2] = child->real_parent->tgid;
	e->n[3] = BPF_CORE_READ(child, real_parent, group_leader, start_boottime);
	bpf_ringbuf_submit(e, wakeup_flags(&ring_process));
	return 0;
}

struct argv_walk {
	u64 from;
	u64 left;
};

// Sends one chunk of argv that did not fit into the exec record.
static long argv_step(u32 idx, struct argv_walk *walk)
{
	struct scratch *s = scratch_get();
	u64 n = walk->left;

	if (!s)
		return 1;
	asm volatile("" : "+r"(n));
	if (n > CHUNK)
		n = CHUNK;
	s->off = 0;
	s->e.n[0] = idx;
	s->e.n[1] = 0;
	// A page that is swapped out cannot be read here. The chunk then holds zeros and says so.
	if (bpf_probe_read_user(s->data, n, (void *)walk->from)) {
		s->e.n[1] = 1;
		s->e.flags |= FLAG_CUT;
	}
	s->off = n;
	s->e.sec[0] = n;
	send(&ring_process, s);
	walk->from += n;
	walk->left -= n;
	return walk->left == 0;
}

static __always_inline void fill_exec_numbers(struct event *e, struct task_struct *task)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(exe, f_inode);
	struct pid *sid = BPF_CORE_READ(task, signal, pids[PIDTYPE_SID]);

	e->n[EXEC_PPID] = BPF_CORE_READ(task, real_parent, tgid);
	e->n[EXEC_PSTART] = BPF_CORE_READ(task, real_parent, group_leader, start_boottime);
	e->n[EXEC_SID] = BPF_CORE_READ(sid, numbers[0].nr);
	e->n[EXEC_LOGINUID] = BPF_CORE_READ(task, loginuid.val);
	e->n[EXEC_SESSIONID] = BPF_CORE_READ(task, sessionid);
	e->n[EXEC_INODE] = BPF_CORE_READ(inode, i_ino);
	e->n[EXEC_DEV] = BPF_CORE_READ(inode, i_sb, s_dev);
	e->n[EXEC_NLINK] = BPF_CORE_READ(inode, i_nlink);
	e->n[EXEC_MODE] = BPF_CORE_READ(inode, i_mode);
	e->n[EXEC_SIZE] = BPF_CORE_READ(inode, i_size);
}

// match-proto:6.18:include/trace/events/sched.h:sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
// Why this hook: it fires once per exec that succeeded, after the new image is in place, so argv is read from
// the pages the kernel has just written and no other thread is left to change them. The system call's own
// arguments can be changed by another thread between check and use.
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	u64 arg_start = BPF_CORE_READ(task, mm, arg_start);
	u64 total = BPF_CORE_READ(task, mm, arg_end) - arg_start;
	u64 chunks = 0;

	if (total > ARGV_INLINE) {
		struct scratch *s = begin(KIND_EXEC_ARGV);
		struct argv_walk walk = { .from = arg_start + ARGV_INLINE, .left = total - ARGV_INLINE };

		if (!s)
			return 0;
		chunks = bpf_loop(ARGV_CHUNKS, argv_step, &walk, 0);
	}
	struct scratch *s = begin(KIND_EXEC);
	if (!s) {
		count_lost(KIND_EXEC);
		return 0;
	}
	fill_exec_numbers(&s->e, task);
	s->e.n[EXEC_ARGV_BYTES] = total;
	s->e.n[EXEC_ARGV_CHUNKS] = chunks;
	s->e.n[EXEC_MODE] |= (u64)BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec) << 16;

	const char *filename = bprm->filename;
	const char *interp = bprm->interp;
	push_string(s, 0, filename, false);
	// The kernel points interp at another string when a #! line or binfmt_misc chose an interpreter.
	if (interp != filename)
		push_string(s, 1, interp, false);
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	host_execed(exe);
	u64 mnt = (u64)BPF_CORE_READ(exe, f_path.mnt), dentry = (u64)BPF_CORE_READ(exe, f_path.dentry);
	push_path(mnt, dentry, 2);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	mnt = (u64)BPF_CORE_READ(fs, pwd.mnt);
	dentry = (u64)BPF_CORE_READ(fs, pwd.dentry);
	push_path(mnt, dentry, 3);

	u64 n = total, off = s->off;
	asm volatile("" : "+r"(n));
	asm volatile("" : "+r"(off));
	if (n > ARGV_INLINE)
		n = ARGV_INLINE;
	if (off < SECTION_END - ARGV_INLINE && !bpf_probe_read_user(s->data + off, n, (void *)arg_start)) {
		s->e.sec[4] = n;
		s->off = off + n;
	} else {
		s->e.flags |= FLAG_CUT;
	}
	push_cgroup(5);
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	if (tty)
		push_string(s, 6, tty->name, false);
	send(&ring_process, s);
	return 0;
}

// match-proto:6.18:include/trace/events/sched.h:sched_process_exit(struct task_struct *p, bool group_dead)
// Why this hook: it runs in the dying task while its open files can still be walked. Only the last thread of
// a group is an end. group_dead is not used: kernels before 6.16 do not pass it.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	if (BPF_CORE_READ(task, signal, live.counter) != 0 || task->flags & PF_KTHREAD)
		return 0;
	report_left_open(task);
	host_exited();
	struct event *e = bpf_ringbuf_reserve(&ring_process, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_EXIT);
		return 0;
	}
	fill_head(e, KIND_EXIT);
	// exit_group and fatal signals leave their status in the group, a plain exit in the leader.
	if (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT)
		e->n[0] = BPF_CORE_READ(task, signal, group_exit_code);
	else
		e->n[0] = BPF_CORE_READ(task, group_leader, exit_code);
	bpf_ringbuf_submit(e, wakeup_flags(&ring_process));
	return 0;
}

static __always_inline int exec_failed(int dfd, const void *name, long ret, u16 flags)
{
	struct scratch *s;

	if (ret >= 0)
		return 0;
	s = begin(KIND_EXEC_FAIL);
	if (!s)
		return 0;
	s->e.flags |= flags;
	s->e.n[0] = ret;
	s->e.n[1] = dfd;
	push_user_path(s, 0, dfd, name);
	send(&ring_process, s);
	return 0;
}

// match-proto:6.18:include/linux/bpf.h:bpf_iter__task(struct bpf_iter_meta *meta, struct task_struct *task)
// Why this hook: /proc gives start times in 10 ms ticks, but processes are named by nanoseconds.
SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct event e = {};

	if (!task || task->pid != task->tgid || task->flags & PF_KTHREAD)
		return 0;
	e.kind = KIND_TASK;
	e.len = sizeof(e);
	e.tgid = task->tgid;
	e.tid = task->pid;
	e.start = task->start_boottime;
	e.uid = BPF_CORE_READ(task, cred, uid.val);
	e.euid = BPF_CORE_READ(task, cred, euid.val);
	e.cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&e.comm, task, comm);
	e.n[EXEC_PPID] = BPF_CORE_READ(task, real_parent, tgid);
	e.n[EXEC_PSTART] = BPF_CORE_READ(task, real_parent, group_leader, start_boottime);
	struct pid *sid = BPF_CORE_READ(task, signal, pids[PIDTYPE_SID]);
	e.n[EXEC_SID] = BPF_CORE_READ(sid, numbers[0].nr);
	e.n[EXEC_LOGINUID] = BPF_CORE_READ(task, loginuid.val);
	e.n[EXEC_SESSIONID] = BPF_CORE_READ(task, sessionid);
	bpf_seq_write(ctx->meta->seq, &e, sizeof(e));
	return 0;
}
