#include "app/data_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/settings.h"

enum rc data_lock(const char *data_dir, int *ret_fd, struct err *e)
{
	char path[SETTING_TEXT_MAX + 16];

	if (mkdir(data_dir, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make the data folder %.80s", data_dir);
	(void)snprintf(path, sizeof path, "%s/lock", data_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot open %.80s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret_fd = fd;
		return RC_OK;
	}
	enum rc rc = errno == EWOULDBLOCK
			     ? fail(e, RC_CONFLICT,
				       "another kinward works on the data folder %.80s", data_dir)
			     : fail_sys(e, "cannot lock %.80s", path);
	(void)close(fd); /* never written */
	return rc;
}
