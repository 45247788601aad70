/* Runs a fuzz target on every file of its corpus without a fuzzer: part of each `make test`. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static int replay_file(int folder, const char *name)
{
	struct stat st;
	int rc = -1;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		goto out;
	size_t size = (size_t)st.st_size;
	uint8_t *data =
		malloc(size == 0 ? 1 : size); /* exact size: a sanitizer sees a read past it */
	if (data == NULL)
		goto out;
	if (read(fd, data, size) == st.st_size) {
		(void)LLVMFuzzerTestOneInput(data, size);
		rc = 0;
	}
	free(data);
out:
	if (fd >= 0)
		(void)close(fd);
	if (rc != 0)
		(void)fprintf(stderr, "cannot read %s\n", name);
	return rc;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	size_t files = 0;

	if (folder == NULL) {
		(void)fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
		return 2;
	}
	for (struct dirent *d = readdir(folder); d != NULL; d = readdir(folder)) {
		if (d->d_name[0] == '.')
			continue;
		if (replay_file(dirfd(folder), d->d_name) != 0)
			return 1;
		files++;
	}
	(void)closedir(folder);
	(void)printf("%zu inputs\n", files);
	return files == 0 ? 1 : 0; /* an empty corpus proves nothing */
}
