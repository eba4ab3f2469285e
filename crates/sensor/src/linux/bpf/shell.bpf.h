// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// What a person types into an interactive shell.

#define LINE_BYTES 4096

struct shell_event {
	struct event e;
	u8 line[LINE_BYTES];
};

// match-proto:5.2:lib/readline/readline.c:char *readline(const char *prompt)
// Why this hook: builtins, variables and typing errors never become a process, so exec does not show them.
// Reserved in the ring, not in scratch: a uprobe can be preempted.
SEC("uretprobe")
int BPF_URETPROBE(on_readline, const char *line)
{
	struct shell_event *event;

	if (!line)
		return 0;
	event = bpf_ringbuf_reserve(&ring_activity, sizeof(*event), 0);
	if (!event) {
		count_lost(KIND_SHELL);
		return 0;
	}
	fill_head(&event->e, KIND_SHELL);
	long n = bpf_probe_read_user_str(event->line, LINE_BYTES, line);
	if (n <= 1) {
		bpf_ringbuf_discard(event, 0);
		return 0;
	}
	event->e.sec[0] = n;
	event->e.len = sizeof(event->e) + n;
	bpf_ringbuf_submit(event, wakeup_flags(&ring_activity));
	return 0;
}
