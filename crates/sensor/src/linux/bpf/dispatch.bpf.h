// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// From a system call's end to its handler: one table look-up, then a tail call, so that each handler is
// verified alone and a call nobody asks about costs one load.

enum handler {
	HANDLE_NONE,
	HANDLE_OPEN,   // path is argument 0
	HANDLE_OPENAT, // directory is argument 0, path 1
	HANDLE_WRITE,    // fd is argument 0
	HANDLE_WRITE_TO, // fd is argument 2
	HANDLE_RESIZE,
	HANDLE_MMAP,
	HANDLE_TRUNCATE,
	HANDLE_RENAME,
	HANDLE_RENAMEAT,
	HANDLE_UNLINK,
	HANDLE_RMDIR,
	HANDLE_UNLINKAT,
	HANDLE_EXEC,
	HANDLE_EXECAT,
	HANDLE_CONNECT,
	HANDLE_ACCEPT,
	HANDLE_MKDIR,
	HANDLE_MKDIRAT,
	HANDLE_SYMLINK,
	HANDLE_SYMLINKAT,
	HANDLE_LINK,
	HANDLE_LINKAT,
	HANDLE_MKNOD,
	HANDLE_MKNODAT,
	HANDLERS,
};

#define CALLS 512
#define TS_COMPAT 2 // arch/x86/include/asm/thread_info.h: the current system call is a 32-bit one

// arch/x86/entry/syscalls/syscall_64.tbl
const volatile u8 native_calls[CALLS] = {
	[2] = HANDLE_OPEN,	 [85] = HANDLE_OPEN,	   [257] = HANDLE_OPENAT,   [437] = HANDLE_OPENAT,
	[1] = HANDLE_WRITE,	 [18] = HANDLE_WRITE,	   [20] = HANDLE_WRITE,	    [296] = HANDLE_WRITE,
	[328] = HANDLE_WRITE,	 [40] = HANDLE_WRITE,	   [326] = HANDLE_WRITE_TO, [275] = HANDLE_WRITE_TO,
	[77] = HANDLE_RESIZE,	 [285] = HANDLE_RESIZE,	   [9] = HANDLE_MMAP,	    [76] = HANDLE_TRUNCATE,
	[82] = HANDLE_RENAME,	 [264] = HANDLE_RENAMEAT,  [316] = HANDLE_RENAMEAT, [87] = HANDLE_UNLINK,
	[84] = HANDLE_RMDIR,	 [263] = HANDLE_UNLINKAT,  [59] = HANDLE_EXEC,	    [322] = HANDLE_EXECAT,
	[42] = HANDLE_CONNECT,	 [43] = HANDLE_ACCEPT,	   [288] = HANDLE_ACCEPT,
	[83] = HANDLE_MKDIR,	 [258] = HANDLE_MKDIRAT,   [88] = HANDLE_SYMLINK,   [266] = HANDLE_SYMLINKAT,
	[86] = HANDLE_LINK,	 [265] = HANDLE_LINKAT,	   [133] = HANDLE_MKNOD,    [259] = HANDLE_MKNODAT,
};

// arch/x86/entry/syscalls/syscall_32.tbl
const volatile u8 compat_calls[CALLS] = {
	[5] = HANDLE_OPEN,	[8] = HANDLE_OPEN,	 [295] = HANDLE_OPENAT,	  [437] = HANDLE_OPENAT,
	[4] = HANDLE_WRITE,	[181] = HANDLE_WRITE,	 [146] = HANDLE_WRITE,	  [334] = HANDLE_WRITE,
	[379] = HANDLE_WRITE,	[187] = HANDLE_WRITE,	 [239] = HANDLE_WRITE,	  [377] = HANDLE_WRITE_TO,
	[313] = HANDLE_WRITE_TO, [93] = HANDLE_RESIZE,	 [194] = HANDLE_RESIZE,	  [324] = HANDLE_RESIZE,
	[192] = HANDLE_MMAP,	[92] = HANDLE_TRUNCATE,	 [38] = HANDLE_RENAME,	  [302] = HANDLE_RENAMEAT,
	[353] = HANDLE_RENAMEAT, [10] = HANDLE_UNLINK,	 [40] = HANDLE_RMDIR,	  [301] = HANDLE_UNLINKAT,
	[11] = HANDLE_EXEC,	[358] = HANDLE_EXECAT,	 [362] = HANDLE_CONNECT,  [364] = HANDLE_ACCEPT,
	[39] = HANDLE_MKDIR,	[296] = HANDLE_MKDIRAT,	 [83] = HANDLE_SYMLINK,	  [304] = HANDLE_SYMLINKAT,
	[9] = HANDLE_LINK,	[303] = HANDLE_LINKAT,	 [14] = HANDLE_MKNOD,	  [297] = HANDLE_MKNODAT,
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, HANDLERS);
	__type(key, u32);
	__type(value, u32);
} handlers SEC(".maps");

static __always_inline bool is_compat(void)
{
	// The BTF pointer is read without a helper call: this is on the path of every listed system call.
	return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT;
}

static __always_inline u64 argument(struct pt_regs *regs, bool compat, int idx)
{
	switch (idx) {
	case 0:
		return compat ? (u32)regs->bx : regs->di;
	case 1:
		return compat ? (u32)regs->cx : regs->si;
	case 2:
		return compat ? (u32)regs->dx : regs->dx;
	case 3:
		return compat ? (u32)regs->si : regs->r10;
	default:
		return compat ? (u32)regs->di : regs->r8;
	}
}

// match-proto:6.18:include/trace/events/syscalls.h:sys_exit(struct pt_regs *regs, long ret)
// Why this hook: the only place below which file and connect() outcomes are known on a kernel that refuses
// kprobes and BPF-LSM. pt_regs still holds the arguments.
SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	u64 call = regs->orig_ax;
	u8 native, compat, handler;

	if (call >= CALLS)
		return 0;
	native = native_calls[call & (CALLS - 1)];
	compat = compat_calls[call & (CALLS - 1)];
	if (!native && !compat)
		return 0;
	handler = is_compat() ? compat : native;
	if (handler)
		bpf_tail_call(ctx, &handlers, handler);
	return 0;
}

#define HANDLER(name)                          \
	SEC("tp_btf/sys_exit")                 \
	int BPF_PROG(name, struct pt_regs *regs, long ret)
#define ARG(idx) argument(regs, compat, idx)
#define COMPAT                        \
	bool compat = is_compat();    \
	u16 flags __attribute__((unused)) = compat ? FLAG_COMPAT : 0

// match-proto:6.18:include/trace/events/syscalls.h:sys_exit(struct pt_regs *regs, long ret)
// Why this hook: the handlers below are tail-called by on_sys_exit and must have its type.
HANDLER(handle_open)
{
	COMPAT;
	return ret >= 0 ? opened(ret, flags) : open_failed(AT_FDCWD, (void *)ARG(0), ret, flags);
}

HANDLER(handle_openat)
{
	COMPAT;
	return ret >= 0 ? opened(ret, flags) : open_failed(ARG(0), (void *)ARG(1), ret, flags);
}

HANDLER(handle_write)
{
	COMPAT;
	return ret > 0 ? written(ARG(0), ret, false, false) : 0;
}

HANDLER(handle_write_to)
{
	COMPAT;
	return ret > 0 ? written(ARG(2), ret, false, false) : 0;
}

HANDLER(handle_resize)
{
	COMPAT;
	return ret == 0 ? written(ARG(0), 0, true, false) : 0;
}

HANDLER(handle_mmap)
{
	COMPAT;
	if ((ret < 0 && ret > -4096) || !(ARG(2) & PROT_WRITE) || !(ARG(3) & MAP_SHARED))
		return 0;
	return written(ARG(4), 0, false, true);
}

HANDLER(handle_truncate)
{
	COMPAT;
	return truncated_by_name((void *)ARG(0), ARG(1), ret, flags);
}

HANDLER(handle_rename)
{
	COMPAT;
	return renamed(AT_FDCWD, (void *)ARG(0), AT_FDCWD, (void *)ARG(1), ret, flags);
}

HANDLER(handle_renameat)
{
	COMPAT;
	return renamed(ARG(0), (void *)ARG(1), ARG(2), (void *)ARG(3), ret, flags);
}

HANDLER(handle_unlink)
{
	COMPAT;
	return deleted(AT_FDCWD, (void *)ARG(0), false, ret, flags);
}

HANDLER(handle_rmdir)
{
	COMPAT;
	return deleted(AT_FDCWD, (void *)ARG(0), true, ret, flags);
}

HANDLER(handle_unlinkat)
{
	COMPAT;
	return deleted(ARG(0), (void *)ARG(1), ARG(2) & AT_REMOVEDIR, ret, flags);
}

HANDLER(handle_mkdir)
{
	COMPAT;
	return made(MADE_DIRECTORY, AT_FDCWD, (void *)ARG(0), 0, NULL, ret, flags);
}

HANDLER(handle_mkdirat)
{
	COMPAT;
	return made(MADE_DIRECTORY, ARG(0), (void *)ARG(1), 0, NULL, ret, flags);
}

HANDLER(handle_symlink)
{
	COMPAT;
	return made(MADE_SYMLINK, AT_FDCWD, (void *)ARG(1), 0, (void *)ARG(0), ret, flags);
}

HANDLER(handle_symlinkat)
{
	COMPAT;
	return made(MADE_SYMLINK, ARG(1), (void *)ARG(2), 0, (void *)ARG(0), ret, flags);
}

HANDLER(handle_link)
{
	COMPAT;
	return made(MADE_LINK, AT_FDCWD, (void *)ARG(1), AT_FDCWD, (void *)ARG(0), ret, flags);
}

HANDLER(handle_linkat)
{
	COMPAT;
	return made(MADE_LINK, ARG(2), (void *)ARG(3), ARG(0), (void *)ARG(1), ret, flags);
}

HANDLER(handle_mknod)
{
	COMPAT;
	return made(MADE_NODE, AT_FDCWD, (void *)ARG(0), 0, NULL, ret, flags);
}

HANDLER(handle_mknodat)
{
	COMPAT;
	return made(MADE_NODE, ARG(0), (void *)ARG(1), 0, NULL, ret, flags);
}

HANDLER(handle_exec)
{
	COMPAT;
	return exec_failed(AT_FDCWD, (void *)ARG(0), ret, flags);
}

HANDLER(handle_execat)
{
	COMPAT;
	return exec_failed(ARG(0), (void *)ARG(1), ret, flags);
}

HANDLER(handle_connect)
{
	COMPAT;
	return connect_returned(ARG(0), (void *)ARG(1), ret, flags);
}

HANDLER(handle_accept)
{
	COMPAT;
	return accepted(ret, flags);
}

// match-proto:6.18:include/trace/events/syscalls.h:sys_enter(struct pt_regs *regs, long id)
// Why this hook: after close(), dup2() and dup3() the descriptor is gone and with it the way to the file.
SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long id)
{
	// close, dup2, dup3; 6 is a 32-bit close.
	if (id != 3 && id != 6 && id != 33 && id != 292)
		return 0;
	bool compat = is_compat();
	if (id == 6)
		return compat ? closing((u32)regs->bx) : 0;
	if (compat)
		return 0;
	if (id == 3)
		return closing(regs->di);
	// dup2 and dup3 close what the new descriptor was, unless both are the same.
	return (u32)regs->di != (u32)regs->si ? closing(regs->si) : 0;
}
