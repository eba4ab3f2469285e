// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// DNS over UDP as it passes a socket: whole messages go to user space, which has a real parser.

#define DNS_PORT 53
#define DNS_BYTES 1472 // an Ethernet frame's worth; a longer (fragmented) answer is cut and marked
#define UDP_HEAD 8
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD

struct dns_event {
	struct event e;
	u8 message[DNS_BYTES];
};

struct datagram {
	u64 local[2];
	u64 remote[2];
	u16 local_port;
	u16 remote_port;
	u16 family;
	u32 payload; // offset of the DNS message
};

// Fills `d` and returns true when the packet is UDP. Source and destination are turned round for ingress.
static __always_inline bool parse_datagram(struct __sk_buff *skb, struct datagram *d, bool egress)
{
	u8 head[40];
	u16 ports[2];
	u32 at;
	u64 source[2] = {}, destination[2] = {};

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, 0, head, 20) || head[9] != IPPROTO_UDP)
			return false;
		at = (head[0] & 15) * 4;
		__builtin_memcpy(source, head + 12, 4);
		__builtin_memcpy(destination, head + 16, 4);
		d->family = AF_INET;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, 0, head, 40) || head[6] != IPPROTO_UDP)
			return false;
		at = 40;
		__builtin_memcpy(source, head + 8, 16);
		__builtin_memcpy(destination, head + 24, 16);
		d->family = AF_INET6;
	} else {
		return false;
	}
	if (bpf_skb_load_bytes(skb, at, ports, sizeof(ports)))
		return false;
	d->payload = at + UDP_HEAD;
	__builtin_memcpy(d->local, egress ? source : destination, 16);
	__builtin_memcpy(d->remote, egress ? destination : source, 16);
	d->local_port = bpf_ntohs(ports[egress ? 0 : 1]);
	d->remote_port = bpf_ntohs(ports[egress ? 1 : 0]);
	return true;
}

static __always_inline void send_dns(struct __sk_buff *skb, struct datagram *d, struct owner *owner, u64 cookie, u16 kind)
{
	struct dns_event *event = bpf_ringbuf_reserve(&ring_activity, sizeof(*event), 0);
	u32 n = skb->len - d->payload;

	if (!event) {
		count_lost(kind);
		return;
	}
	__builtin_memset(&event->e, 0, sizeof(event->e));
	event->e.kind = kind;
	event->e.ts = bpf_ktime_get_boot_ns();
	take_owner(&event->e, owner);
	event->e.n[NET_COOKIE] = cookie;
	event->e.n[NET_FAMILY] = d->family;
	event->e.n[NET_LOCAL_PORT] = d->local_port;
	event->e.n[NET_REMOTE_PORT] = d->remote_port;
	__builtin_memcpy(&event->e.n[NET_LOCAL_0], d->local, 16);
	__builtin_memcpy(&event->e.n[NET_REMOTE_0], d->remote, 16);
	asm volatile("" : "+r"(n));
	if (n > DNS_BYTES) {
		n = DNS_BYTES;
		event->e.flags |= FLAG_CUT;
	}
	if (n == 0 || bpf_skb_load_bytes(skb, d->payload, event->message, n)) {
		bpf_ringbuf_discard(event, 0);
		return;
	}
	event->e.sec[0] = n;
	event->e.len = sizeof(event->e) + n;
	bpf_ringbuf_submit(event, wakeup_flags(&ring_activity));
}

// match-proto:6.18:net/ipv4/ip_output.c:__cgroup_bpf_run_filter_skb(struct sock *sk, struct sk_buff *skb, enum cgroup_bpf_attach_type atype)
// Why this hook: it sees what really leaves the machine, whichever library or resolver asked, in the context
// of the sender. A uprobe on getaddrinfo would miss static and Go programs.
SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	struct datagram d = {};
	struct owner owner = {};

	if (!parse_datagram(skb, &d, true) || d.remote_port != DNS_PORT)
		return 1;
	u64 cookie = bpf_get_socket_cookie(skb);
	struct task_struct *task = bpf_get_current_task_btf();
	u64 id = bpf_get_current_pid_tgid();
	owner.ts = bpf_ktime_get_boot_ns();
	owner.tgid = id >> 32;
	owner.tid = (u32)id;
	owner.start = task->group_leader->start_boottime;
	owner.uid = (u32)bpf_get_current_uid_gid();
	owner.euid = task->cred->euid.val;
	owner.cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(owner.comm, sizeof(owner.comm));
	u32 tgid = owner.tgid;
	owner.excluded = bpf_map_lookup_elem(&excluded_tgids, &tgid) != NULL;
	bpf_map_update_elem(&owners, &cookie, &owner, BPF_ANY);
	if (!owner.excluded)
		send_dns(skb, &d, &owner, cookie, KIND_DNS_QUERY);
	return 1;
}

// match-proto:6.18:net/core/filter.c:__cgroup_bpf_run_filter_skb(struct sock *sk, struct sk_buff *skb, enum cgroup_bpf_attach_type atype)
// Why this hook: the answer as it reaches the socket that asked. Answers nobody asked for have no owner.
SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	struct datagram d = {};

	if (!parse_datagram(skb, &d, false) || d.remote_port != DNS_PORT)
		return 1;
	u64 cookie = bpf_get_socket_cookie(skb);
	struct owner *owner = bpf_map_lookup_elem(&owners, &cookie);
	if (owner && !owner->excluded)
		send_dns(skb, &d, owner, cookie, KIND_DNS_ANSWER);
	return 1;
}
