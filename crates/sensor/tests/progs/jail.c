// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Enters the directory in argument 1 by chroot, then creates and deletes /file.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || chroot(argv[1]) || chdir("/"))
		return 2;
	int fd = open("/file", O_CREAT | O_WRONLY, 0600);
	return fd < 0 || close(fd) || unlink("/file");
}
