// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// All hooks in one object: they share the rings and the tables of owners. One family per file.
#include "vmlinux_min.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#include "events.h"
#include "helpers.h"
#include "paths.h"
#include "script.bpf.h"
#include "writes.bpf.h"
#include "file.bpf.h"
#include "process.bpf.h"
#include "network.bpf.h"
#include "dns.bpf.h"
#include "shell.bpf.h"
#include "uring.bpf.h"
#include "dispatch.bpf.h"

// The kernel refuses GPL-only helpers (probe_read, ringbuf) to a program that names another licence.
char LICENSE[] SEC("license") = "Dual BSD/GPL";
