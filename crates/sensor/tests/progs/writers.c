// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Ways to write to an existing file that no plain write-then-close shows: argument 1 says which, 2 is the file.
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[2], O_RDWR) : -1;

	if (fd < 0)
		return 2;
	if (!strcmp(argv[1], "left-open"))
		return write(fd, "x", 1) != 1;
	if (!strcmp(argv[1], "duplicated")) {
		int other = dup(fd);

		return write(other, "x", 1) != 1;
	}
	if (!strcmp(argv[1], "inherited")) {
		if (fork() == 0)
			return write(fd, "x", 1) != 1;
		wait(0);
		return close(fd);
	}
	if (!strcmp(argv[1], "mapped")) {
		char *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		close(fd);
		map[0] = 'y';
		return 0;
	}
	if (!strcmp(argv[1], "shortened"))
		return ftruncate(fd, 1);
	if (!strcmp(argv[1], "only-read")) {
		char byte;

		return read(fd, &byte, 1) != 1;
	}
	return 2;
}
