// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// TCP: connections made (with latency and the real error), accepted, listening sockets.

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define SOCK_STREAM 1
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define TCP_LISTEN 10
#define EINTR 4
#define EALREADY 114
#define EISCONN 106
#define EINPROGRESS 115
#define OWNERS_MAX 16384

// Who owns a socket. Most of what happens to it happens in a softirq, where `current` is anybody.
struct owner {
	u64 ts;
	u64 start;
	u64 cgroup;
	u32 tgid;
	u32 tid;
	u32 uid;
	u32 euid;
	char comm[16];
	u8 excluded;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OWNERS_MAX);
	__type(key, u64); // socket cookie
	__type(value, struct owner);
} owners SEC(".maps");

// Threads inside a connect() that has sent a SYN: its outcome is reported by the socket, not by the call.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u8);
} connecting SEC(".maps");

static __always_inline void fill_owner(struct owner *owner, const struct event *e)
{
	owner->ts = e->ts;
	owner->start = e->start;
	owner->cgroup = e->cgroup;
	owner->tgid = e->tgid;
	owner->tid = e->tid;
	owner->uid = e->uid;
	owner->euid = e->euid;
	__builtin_memcpy(owner->comm, e->comm, sizeof(owner->comm));
	u32 tgid = e->tgid;
	owner->excluded = bpf_map_lookup_elem(&excluded_tgids, &tgid) != NULL;
}

static __always_inline void take_owner(struct event *e, const struct owner *owner)
{
	e->start = owner->start;
	e->cgroup = owner->cgroup;
	e->tgid = owner->tgid;
	e->tid = owner->tid;
	e->uid = owner->uid;
	e->euid = owner->euid;
	__builtin_memcpy(e->comm, owner->comm, sizeof(e->comm));
}

static __always_inline void fill_addresses(struct event *e, const struct sock *sk)
{
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	e->n[NET_FAMILY] = family;
	e->n[NET_LOCAL_PORT] = BPF_CORE_READ(sk, __sk_common.skc_num);
	// A socket that was just closed has given its port back, but still knows which it was.
	if (!e->n[NET_LOCAL_PORT])
		e->n[NET_LOCAL_PORT] = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	e->n[NET_REMOTE_PORT] = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET6) {
		bpf_core_read(&e->n[NET_LOCAL_0], 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(&e->n[NET_REMOTE_0], 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		e->n[NET_LOCAL_0] = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		e->n[NET_REMOTE_0] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	}
}

static __always_inline int syn_sent(const struct sock *sk, u64 cookie)
{
	struct event e;
	struct owner owner = {};
	u32 tid = (u32)bpf_get_current_pid_tgid();
	u8 one = 1;

	fill_head(&e, KIND_TCP_CONNECT);
	fill_owner(&owner, &e);
	bpf_map_update_elem(&owners, &cookie, &owner, BPF_ANY);
	bpf_map_update_elem(&connecting, &tid, &one, BPF_ANY);
	return 0;
}

static __always_inline int connect_ended(const struct sock *sk, u64 cookie, int state)
{
	struct owner *owner = bpf_map_lookup_elem(&owners, &cookie);
	struct event *e;

	if (!owner)
		return 0;
	if (owner->excluded)
		goto out;
	e = bpf_ringbuf_reserve(&ring_activity, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_TCP_CONNECT);
		goto out;
	}
	fill_head(e, KIND_TCP_CONNECT);
	take_owner(e, owner);
	e->n[NET_COOKIE] = cookie;
	fill_addresses(e, sk);
	e->n[NET_LATENCY] = e->ts - owner->ts;
	if (state == TCP_CLOSE) {
		int err = BPF_CORE_READ(sk, sk_err);

		// Closed by its owner before an answer came: no error was set, so -1 says "given up".
		e->n[NET_ERRNO] = err ? err : -1;
	}
	bpf_ringbuf_submit(e, wakeup_flags(&ring_activity));
out:
	bpf_map_delete_elem(&owners, &cookie);
	return 0;
}

static __always_inline int listening(const struct sock *sk, u64 cookie)
{
	struct event *e;

	if (is_excluded(KIND_TCP_LISTEN))
		return 0;
	e = bpf_ringbuf_reserve(&ring_activity, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_TCP_LISTEN);
		return 0;
	}
	fill_head(e, KIND_TCP_LISTEN);
	e->n[NET_COOKIE] = cookie;
	fill_addresses(e, sk);
	bpf_ringbuf_submit(e, wakeup_flags(&ring_activity));
	return 0;
}

// match-proto:6.18:include/trace/events/sock.h:inet_sock_set_state(const struct sock *sk, const int oldstate, const int newstate)
// Why this hook: it sees every way to connect (blocking, EINPROGRESS, io_uring, sendto with fast open) at the
// moment the outcome is known, with the socket's own error and addresses.
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_tcp_state, const struct sock *sk, const int old, const int new)
{
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	u64 cookie = bpf_get_socket_cookie((void *)sk);
	if (new == TCP_SYN_SENT)
		return syn_sent(sk, cookie);
	if (old == TCP_SYN_SENT && (new == TCP_ESTABLISHED || new == TCP_CLOSE))
		return connect_ended(sk, cookie, new);
	if (new == TCP_LISTEN)
		return listening(sk, cookie);
	return 0;
}

static __always_inline struct sock *tcp_sock_of_fd(u32 fd)
{
	struct file *file = file_of_fd(fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != 0140000)
		return NULL;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return NULL;
	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP ? sk : NULL;
}

// The connection exists before accept(), but who serves it is only known now.
static __always_inline int accepted(long ret, u16 flags)
{
	struct sock *sk;
	struct event *e;

	if (ret < 0)
		return 0;
	sk = tcp_sock_of_fd(ret);
	if (!sk || is_excluded(KIND_TCP_ACCEPT))
		return 0;
	e = bpf_ringbuf_reserve(&ring_activity, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_TCP_ACCEPT);
		return 0;
	}
	fill_head(e, KIND_TCP_ACCEPT);
	e->flags |= flags;
	// on_tcp_state has seen this socket before and thereby given it a cookie.
	e->n[NET_COOKIE] = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	fill_addresses(e, sk);
	bpf_ringbuf_submit(e, wakeup_flags(&ring_activity));
	return 0;
}

// A connect() that failed before any packet left (no route, no address, refused by policy).
static __always_inline int connect_returned(u32 fd, const void *address, long ret, u16 flags)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct sock *sk;
	struct event *e;
	u8 raw[28] = {};

	if (bpf_map_lookup_elem(&connecting, &tid)) {
		bpf_map_delete_elem(&connecting, &tid);
		return 0;
	}
	if (ret >= 0 || ret == -EINPROGRESS || ret == -EALREADY || ret == -EISCONN || ret == -EINTR)
		return 0;
	sk = tcp_sock_of_fd(fd);
	if (!sk || is_excluded(KIND_CONNECT_FAIL))
		return 0;
	e = bpf_ringbuf_reserve(&ring_activity, sizeof(*e), 0);
	if (!e) {
		count_lost(KIND_CONNECT_FAIL);
		return 0;
	}
	fill_head(e, KIND_CONNECT_FAIL);
	e->flags |= flags | FLAG_USER_PATH;
	fill_addresses(e, sk);
	e->n[NET_ERRNO] = -ret;
	// sockaddr_in: family 2, port 2, address 4. sockaddr_in6: family 2, port 2, flow 4, address 16.
	if (bpf_probe_read_user(raw, sizeof(raw), address))
		bpf_probe_read_user(raw, 16, address);
	e->n[NET_FAMILY] = *(u16 *)raw;
	e->n[NET_REMOTE_PORT] = bpf_ntohs(*(u16 *)(raw + 2));
	e->n[NET_REMOTE_0] = 0;
	e->n[NET_REMOTE_1] = 0;
	if (e->n[NET_FAMILY] == AF_INET6)
		__builtin_memcpy(&e->n[NET_REMOTE_0], raw + 8, 16);
	else
		__builtin_memcpy(&e->n[NET_REMOTE_0], raw + 4, 4);
	bpf_ringbuf_submit(e, wakeup_flags(&ring_activity));
	return 0;
}
