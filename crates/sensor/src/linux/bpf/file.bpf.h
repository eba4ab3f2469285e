// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Names of files: refused, renamed, deleted, made. What came out of it is read at the end of the system call;
// the name itself is in user memory by then, and marked as such.

#define EPERM 1
#define EACCES 13
#define ETXTBSY 26
#define EROFS 30
#define AT_REMOVEDIR 0x200

// Only refusals: a file that is not there (ENOENT) is what every PATH and library search meets all day.
static __always_inline int open_failed(int dfd, const void *name, long ret, u16 flags)
{
	struct scratch *s;

	if ((ret != -EPERM && ret != -EACCES && ret != -EROFS && ret != -ETXTBSY) || is_excluded(KIND_OPEN_FAIL))
		return 0;
	s = begin(KIND_OPEN_FAIL);
	if (!s)
		return 0;
	s->e.flags |= flags;
	s->e.n[FILE_RESULT] = ret;
	push_user_path(s, 0, dfd, name);
	send(&ring_activity, s);
	return 0;
}

static __always_inline int renamed(int old_dfd, const void *old, int new_dfd, const void *new, long ret, u16 flags)
{
	struct scratch *s;

	if (ret < 0 || is_excluded(KIND_FILE_RENAMED))
		return 0;
	s = begin(KIND_FILE_RENAMED);
	if (!s)
		return 0;
	s->e.flags |= flags;
	push_user_path(s, 0, old_dfd, old);
	push_user_path(s, 2, new_dfd, new);
	send(&ring_activity, s);
	return 0;
}

static __always_inline int deleted(int dfd, const void *name, bool dir, long ret, u16 flags)
{
	struct scratch *s;

	if (ret < 0 || is_excluded(KIND_FILE_DELETED))
		return 0;
	s = begin(KIND_FILE_DELETED);
	if (!s)
		return 0;
	s->e.flags |= flags;
	s->e.n[FILE_IS_DIR] = dir;
	push_user_path(s, 0, dfd, name);
	send(&ring_activity, s);
	return 0;
}

// truncate(2) changes a file by its name, without a descriptor.
static __always_inline int truncated_by_name(const void *name, u64 size, long ret, u16 flags)
{
	struct scratch *s;

	if (ret < 0 || is_excluded(KIND_FILE_MODIFIED))
		return 0;
	s = begin(KIND_FILE_MODIFIED);
	if (!s)
		return 0;
	s->e.flags |= flags;
	s->e.n[FILE_SIZE] = size;
	push_user_path(s, 1, AT_FDCWD, name);
	send(&ring_activity, s);
	return 0;
}

// A name that came into being without an open: a directory, a link, a pipe or device.
static __always_inline int made(int what, int dfd, const void *name, int target_dfd, const void *target, long ret, u16 flags)
{
	struct scratch *s;

	if (ret < 0 || is_excluded(KIND_MADE))
		return 0;
	s = begin(KIND_MADE);
	if (!s)
		return 0;
	s->e.flags |= flags;
	s->e.n[FILE_MADE] = what;
	push_user_path(s, 0, dfd, name);
	// What a symbolic link holds is a text, not a path of anything.
	if (what == MADE_SYMLINK)
		push_string(s, 2, target, true);
	else if (what == MADE_LINK)
		push_user_path(s, 2, target_dfd, target);
	send(&ring_activity, s);
	return 0;
}
