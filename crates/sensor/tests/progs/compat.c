// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Creates, renames and deletes a file by 32-bit system calls (int 0x80), which the 64-bit tables do not list.
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

int main(int argc, char **argv)
{
	// A 32-bit call takes 32-bit pointers.
	char *low = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED || argc != 3)
		return 2;
	strncpy(low, argv[1], 4095);
	strncpy(low + 4096, argv[2], 4095);
	if (call(5, (long)low, O_CREAT | O_WRONLY, 0600) < 0)
		return 3;
	if (call(38, (long)low, (long)low + 4096, 0) < 0)
		return 4;
	return call(10, (long)low + 4096, 0, 0) < 0 ? 5 : 0;
}
