// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// io_uring: file operations that make no system call. The request carries the kernel's own copy of the names.

// include/uapi/linux/io_uring.h
#define IORING_OP_WRITEV 2
#define IORING_OP_WRITE_FIXED 5
#define IORING_OP_OPENAT 18
#define IORING_OP_CLOSE 19
#define IORING_OP_WRITE 23
#define IORING_OP_OPENAT2 28
#define IORING_OP_RENAMEAT 35
#define IORING_OP_UNLINKAT 36

static __always_inline void push_kernel_path(struct scratch *s, u32 section, int dfd, struct filename *filename)
{
	push_path_argument(s, section, dfd, BPF_CORE_READ(filename, name), false);
}

// match-proto:6.18:include/trace/events/io_uring.h:io_uring_submit_req(struct io_kiocb *req)
// Why this hook: the submitter is current (with SQPOLL its kernel thread, which shares its tgid), and the
// names are already the kernel's copy. The outcome comes with io_uring_complete and is joined in user space.
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(on_uring_submit, struct io_kiocb *req)
{
	u8 opcode = req->opcode;
	struct scratch *s;

	if (opcode == IORING_OP_CLOSE)
		return closing(BPF_CORE_READ((struct io_close *)req, fd));
	if (opcode != IORING_OP_RENAMEAT && opcode != IORING_OP_UNLINKAT)
		return 0;
	if (is_excluded(KIND_URING))
		return 0;
	s = begin(KIND_URING);
	if (!s)
		return 0;
	s->e.n[0] = (s64)req;
	s->e.n[1] = opcode;
	if (opcode == IORING_OP_RENAMEAT) {
		struct io_rename *rename = (void *)req;

		push_kernel_path(s, 0, BPF_CORE_READ(rename, old_dfd), BPF_CORE_READ(rename, oldpath));
		push_kernel_path(s, 2, BPF_CORE_READ(rename, new_dfd), BPF_CORE_READ(rename, newpath));
	} else {
		struct io_unlink *unlink = (void *)req;

		s->e.n[2] = BPF_CORE_READ(unlink, flags) & AT_REMOVEDIR;
		push_kernel_path(s, 0, BPF_CORE_READ(unlink, dfd), BPF_CORE_READ(unlink, filename));
	}
	send(&ring_activity, s);
	return 0;
}

// match-proto:6.18:include/trace/events/io_uring.h:io_uring_complete(struct io_ring_ctx *ctx, void *req, struct io_uring_cqe *cqe)
// Why this hook: the request's outcome. It runs in the submitter or in a worker thread of it, both of which
// share its descriptors, so what was opened is looked at here as it is at the end of an open().
SEC("tp_btf/io_uring_complete")
int BPF_PROG(on_uring_complete, void *ring, struct io_kiocb *req, struct io_uring_cqe *cqe)
{
	u8 opcode = req ? BPF_CORE_READ(req, opcode) : 0;
	s32 result = BPF_CORE_READ(cqe, res);
	struct event *e;

	if (opcode == IORING_OP_OPENAT || opcode == IORING_OP_OPENAT2)
		return result >= 0 ? opened(result, FLAG_URING) : 0;
	if (opcode == IORING_OP_WRITE || opcode == IORING_OP_WRITEV || opcode == IORING_OP_WRITE_FIXED)
		return result > 0 ? written_to(BPF_CORE_READ(req, file), result, false, false) : 0;
	if (opcode != IORING_OP_RENAMEAT && opcode != IORING_OP_UNLINKAT)
		return 0;
	e = bpf_ringbuf_reserve(&ring_activity, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_URING_DONE);
		return 0;
	}
	fill_head(e, KIND_URING_DONE);
	e->n[0] = (s64)req;
	e->n[1] = result;
	bpf_ringbuf_submit(e, wakeup_flags(&ring_activity));
	return 0;
}
