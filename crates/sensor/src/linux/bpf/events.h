// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The one layout of everything that leaves the kernel. decode/mod.rs is its mirror; both assert 192 bytes.
//
// A record is a fixed head, then up to SECTIONS byte strings whose lengths are in sec[], one after the other.
// What n[] and the sections mean depends on the kind and is listed below. All numbers are in host byte order.
// A *path* section is a list of NUL-terminated names, leaf first: the walk from a dentry up to the root finds
// them in that order, and turning them round is cheaper in user space.
#ifndef NENRIN_EVENTS_H
#define NENRIN_EVENTS_H

#define SECTIONS 8
#define NUMBERS 12

struct event {
	u16 kind;
	u16 flags; // FLAG_*
	u32 len;   // head and sections, in bytes
	u64 ts;    // CLOCK_BOOTTIME, ns
	u32 tgid;
	u32 tid;
	u64 start; // start_boottime of the thread group's leader, ns: with tgid it names a process for good
	u64 cgroup;
	u32 uid;
	u32 euid;
	char comm[16];
	s64 n[NUMBERS];
	u32 sec[SECTIONS];
};
_Static_assert(sizeof(struct event) == 192, "decode/mod.rs has the same layout");

enum {
	FLAG_COMPAT = 1,      // a 32-bit system call
	FLAG_CUT = 2,         // a section did not fit and was cut
	FLAG_USER_PATH = 4,   // a path was read from user memory, where another thread may have changed it
	FLAG_PROVISIONAL = 8, // the file is still mapped writable: more may follow unseen
	FLAG_URING = 16,      // by io_uring, not by a system call
	FLAG_OTHER_MOUNTS = 32, // the path means what it means in another mount namespace
};

enum kind {
	KIND_NONE,
	KIND_FORK,          // actor = who forked; n: child pid, child start, real parent tgid, real parent start
	KIND_EXEC,          // n: EXEC_*; sections: filename, interp, exe path, cwd path, argv, cgroup path, tty
	KIND_EXEC_ARGV,     // n: index of the chunk; section: bytes. Comes before its KIND_EXEC
	KIND_EXIT,          // n: wait status
	KIND_EXEC_FAIL,     // n: -errno, dfd; sections: name, base path
	KIND_FILE_CREATED,  // n: FILE_*; sections: path
	KIND_FILE_MODIFIED, // n: FILE_*; sections: path
	KIND_FILE_RENAMED,  // n: FILE_*; sections: old name, old base path, new name, new base path
	KIND_FILE_DELETED,  // n: FILE_*; sections: name, base path
	KIND_TCP_CONNECT,   // n: NET_*
	KIND_TCP_ACCEPT,    // n: NET_*
	KIND_TCP_LISTEN,    // n: NET_*
	KIND_CONNECT_FAIL,  // n: NET_*; no SYN was sent
	KIND_DNS_QUERY,     // n: NET_*; section: DNS message
	KIND_DNS_ANSWER,    // n: NET_*; section: DNS message
	KIND_SHELL,         // section: the line
	KIND_URING,         // n: request address, opcode; sections as the matching file event
	KIND_URING_DONE,    // n: request address, result
	KIND_TASK,          // only from the iterator: n: ppid, parent start, sid, loginuid, sessionid
	KIND_OPEN_FAIL,     // n: FILE_*; sections: name, base path
	KIND_SOURCE,        // section: path. The actor, a bash, begins to execute this file
	KIND_SOURCE_END,    // and has finished
	KIND_SCRIPT_OPEN,   // section: path. The actor, an interpreter, opened this script-like file to read it
	KIND_MADE,          // n: FILE_*, FILE_MADE; sections: name, base path, target, target's base path
	KINDS = 32,
};

enum {
	EXEC_PPID,
	EXEC_PSTART,
	EXEC_SID,
	EXEC_LOGINUID,
	EXEC_SESSIONID,
	EXEC_INODE,
	EXEC_DEV,
	EXEC_NLINK,
	EXEC_ARGV_BYTES, // length of the whole argv, also of what was cut
	EXEC_ARGV_CHUNKS,
	EXEC_MODE, // i_mode, and secureexec in bit 16
	EXEC_SIZE,
};

enum { FILE_RESULT, FILE_INODE, FILE_DEV, FILE_SIZE, FILE_BYTES, FILE_OPEN_FLAGS, FILE_MODE, FILE_IS_DIR, FILE_MADE };
enum { MADE_DIRECTORY, MADE_SYMLINK, MADE_LINK, MADE_NODE };

enum {
	NET_COOKIE,
	NET_FAMILY,
	NET_LOCAL_PORT,
	NET_REMOTE_PORT,
	NET_LOCAL_0, // 16 address bytes in network order over two numbers; IPv4 uses the first four
	NET_LOCAL_1,
	NET_REMOTE_0,
	NET_REMOTE_1,
	NET_ERRNO,
	NET_LATENCY,
};

#endif
