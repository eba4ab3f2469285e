// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Creates, renames and deletes a file by io_uring alone: no openat, renameat or unlinkat is called.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned char *sq, *cq;
static struct io_uring_sqe *sqes;
static struct io_uring_params params;
static int ring;

static int one(struct io_uring_sqe *request)
{
	unsigned *tail = (unsigned *)(sq + params.sq_off.tail);
	unsigned mask = *(unsigned *)(sq + params.sq_off.ring_mask);
	unsigned *head = (unsigned *)(cq + params.cq_off.head);
	unsigned cq_mask = *(unsigned *)(cq + params.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);

	sqes[*tail & mask] = *request;
	((unsigned *)(sq + params.sq_off.array))[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	int result = cqes[*head & cq_mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

int main(int argc, char **argv)
{
	struct io_uring_sqe request;

	ring = syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0 || argc != 3)
		return 2;
	size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	sq = mmap(0, sq_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(0, cq_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(0, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);

	memset(&request, 0, sizeof(request));
	request.opcode = IORING_OP_OPENAT;
	request.fd = AT_FDCWD;
	request.addr = (unsigned long)argv[1];
	request.open_flags = O_CREAT | O_WRONLY;
	request.len = 0600;
	int fd = one(&request);
	if (fd < 0)
		return 3;

	memset(&request, 0, sizeof(request));
	request.opcode = IORING_OP_RENAMEAT;
	request.fd = AT_FDCWD;
	request.addr = (unsigned long)argv[1];
	request.len = AT_FDCWD;
	request.addr2 = (unsigned long)argv[2];
	if (one(&request) < 0)
		return 4;

	memset(&request, 0, sizeof(request));
	request.opcode = IORING_OP_UNLINKAT;
	request.fd = AT_FDCWD;
	request.addr = (unsigned long)argv[2];
	return one(&request) < 0 ? 5 : 0;
}
