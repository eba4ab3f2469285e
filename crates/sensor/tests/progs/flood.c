// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Creates and deletes a file, argument 1 times.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long n = argc == 2 ? atol(argv[1]) : 0;

	for (long i = 0; i < n; i++) {
		int fd = open("drop", O_CREAT | O_WRONLY, 0600);

		if (fd < 0 || close(fd) || unlink("drop"))
			return 1;
	}
	return 0;
}
