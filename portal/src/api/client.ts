// The only place that calls fetch: one request function, one error type.
import type {
  Alert, AlertDetail, AlertList, AlertUpdate, App, Apps, Device, EnrolmentToken, EventAnswer, ImportLine, ImportSummary, NewSecret, NewTotp, Permission, Session, Summary,
  TimelinePage, Tree, Upload,
} from "./types";

const BASE = "/api/v1";
/** Alerts that a page lists: more are found with a filter. */
const ALERTS_MAX = 500;
const STATUS_UNAUTHORIZED = 401;
const STATUS_FAILED = 500;
const STATUS_NO_CONTENT = 204;

/** Why a request failed, in the words of the server where it had any. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly correlationId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: string, message: string, correlationId?: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.correlationId = correlationId;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** No answer at all: the network or the server is away. */
  get isOffline(): boolean {
    return this.status === 0;
  }
}

let onUnauthorized: () => void = () => {};

/** The app says here what happens when a session is over. */
export function setUnauthorizedHandler(handler: () => void): void {
  onUnauthorized = handler;
}

interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  bytes?: Blob;
  signal?: AbortSignal | undefined;
  /** The login page shows a 401 itself. */
  keepUnauthorized?: boolean;
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const init: RequestInit = { method: options.method ?? "GET", credentials: "same-origin" };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(options.body);
  }
  if (options.bytes !== undefined) {
    init.headers = { "content-type": "application/octet-stream" };
    init.body = options.bytes;
  }
  let response: Response;
  try {
    // MDE's routes for alerts are beside ours, not below them.
    response = await fetch(path.startsWith("/api/") ? path : BASE + path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, "offline", "");
  }
  if (!response.ok) throw await readError(response, options.keepUnauthorized === true);
  if (response.status === STATUS_NO_CONTENT) return undefined as T;
  return (await response.json()) as T;
}

/** Posts, and gives each line of the answer as it comes. */
async function lines<T>(path: string, body: unknown, signal: AbortSignal, onLine: (line: T) => void): Promise<void> {
  const init = { method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal } as const;
  const response = await fetch(BASE + path, init);
  if (!response.ok) throw await readError(response, false);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) onLine(JSON.parse(part) as T);
  }
}

async function readError(response: Response, keepUnauthorized: boolean): Promise<ApiError> {
  if (response.status === STATUS_UNAUTHORIZED && !keepUnauthorized) onUnauthorized();
  const retryAfter = Number(response.headers.get("retry-after") ?? "");
  let code = `http_${response.status}`;
  let message = response.statusText;
  let correlationId: string | undefined;
  try {
    const body = (await response.json()) as { error?: { code?: string; message?: string; correlationId?: string } };
    code = body.error?.code ?? code;
    message = body.error?.message ?? message;
    correlationId = body.error?.correlationId;
  } catch {
    // A proxy between us and the server answers without our problem body; the status says enough.
  }
  return new ApiError(response.status, code, message, correlationId, retryAfter > 0 ? retryAfter : undefined);
}

export type Query = Record<string, string | number | undefined>;

/** Writes a query string; empty values are left out. */
export function queryText(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

const device = (id: string) => `/devices/${encodeURIComponent(id)}`;
const app = (id: string) => `/apps/${encodeURIComponent(id)}`;

export const api = {
  /** The code of the second factor is sent only when the server asks for it. */
  login: (user: string, password: string, code?: string) =>
    request<Session>("/login", { method: "POST", body: code === undefined ? { user, password } : { user, password, code }, keepUnauthorized: true }),
  logout: () => request<void>("/logout", { method: "POST" }),
  me: (signal?: AbortSignal) => request<Session>("/me", { signal }),
  totp: (signal?: AbortSignal) => request<{ enabled: boolean }>("/me/totp", { signal }),
  totpBegin: () => request<NewTotp>("/me/totp", { method: "POST" }),
  totpConfirm: (code: string) => request<void>("/me/totp/confirm", { method: "POST", body: { code } }),
  totpEnd: (code: string) => request<void>("/me/totp/end", { method: "POST", body: { code } }),
  devices: (search: string, signal?: AbortSignal) =>
    request<{ items: Device[] }>(`/devices${queryText({ search })}`, { signal }),
  device: (id: string, signal?: AbortSignal) => request<Device>(device(id), { signal }),
  timeline: (id: string, query: Query, signal?: AbortSignal) =>
    request<TimelinePage>(`${device(id)}/timeline${queryText(query)}`, { signal }),
  summary: (id: string, query: Query, signal?: AbortSignal) =>
    request<Summary>(`${device(id)}/timeline/summary${queryText(query)}`, { signal }),
  event: (eventId: string, signal?: AbortSignal) => request<EventAnswer>(`/events/${encodeURIComponent(eventId)}`, { signal }),
  /** The tree costs several look-ups, so it is asked for on its own. */
  eventTree: async (eventId: string, signal?: AbortSignal): Promise<Tree | null> =>
    (await request<EventAnswer>(`/events/${encodeURIComponent(eventId)}?expand=tree`, { signal })).tree ?? null,
  /** The newest alerts; open ones unless all are asked for. */
  alerts: ({ all, severity }: { all: boolean; severity: string | undefined }, signal?: AbortSignal) => {
    const conditions = [all ? "" : "status ne 'Resolved'", severity === undefined ? "" : `severity eq '${severity}'`];
    const filter = conditions.filter((condition) => condition !== "").join(" and ");
    return request<AlertList>(`/api/alerts${queryText({ $top: ALERTS_MAX, $count: "true", $filter: filter })}`, { signal });
  },
  alert: (id: string, signal?: AbortSignal) => request<AlertDetail>(`/alerts/${encodeURIComponent(id)}`, { signal }),
  updateAlert: (id: string, body: AlertUpdate) =>
    request<Alert>(`/api/alerts/${encodeURIComponent(id)}`, { method: "PATCH", body }),
  enrolmentToken: (hours: number) =>
    request<EnrolmentToken>("/enrolment-tokens", { method: "POST", body: { hours } }),
  apps: (signal?: AbortSignal) => request<Apps>("/apps", { signal }),
  createApp: (name: string) => request<App>("/apps", { method: "POST", body: { name } }),
  deleteApp: (id: string) => request<void>(app(id), { method: "DELETE" }),
  createSecret: (id: string, name: string, days: number) =>
    request<NewSecret>(`${app(id)}/secrets`, { method: "POST", body: { name, days } }),
  addCertificate: (id: string, certificate: string) =>
    request<App>(`${app(id)}/certificates`, { method: "POST", body: { certificate } }),
  deleteCredential: (id: string, credential: string) =>
    request<void>(`${app(id)}/credentials/${encodeURIComponent(credential)}`, { method: "DELETE" }),
  grant: (id: string, permission: string) => request<App>(`${app(id)}/permissions/${encodeURIComponent(permission)}`, { method: "PUT" }),
  revoke: (id: string, permission: string) => request<App>(`${app(id)}/permissions/${encodeURIComponent(permission)}`, { method: "DELETE" }),
  consent: (id: string, on: boolean) => request<App>(`${app(id)}/consent`, { method: on ? "POST" : "DELETE" }),
  upload: (id: string, signal?: AbortSignal) => request<Upload>(`/imports/uploads/${id}`, { signal }),
  uploadPart: (id: string, offset: number, bytes: Blob, signal?: AbortSignal) =>
    request<Upload>(`/imports/uploads/${id}${queryText({ offset })}`, { method: "PUT", bytes, signal }),
  /** Lines of JSON: how far it is, then what became of it. */
  importUploads: async (uploads: { id: string; name: string }[], signal: AbortSignal, onProgress: (soFar: ImportSummary) => void) => {
    let done: ImportSummary | undefined;
    await lines<ImportLine>("/imports", { uploads }, signal, (line) => {
      if ("error" in line) throw new ApiError(STATUS_FAILED, "import_failed", line.error.message);
      if ("done" in line) done = line.done;
      else onProgress(line.progress);
    });
    if (done === undefined) throw new ApiError(0, "offline", "");
    return done;
  },
  permissions: (signal?: AbortSignal) => request<Permission[]>("/permissions", { signal }),
  /** The address of the live stream; an EventSource cannot go through `request`. */
  streamUrl: (id: string, query: Query) => `${BASE}${device(id)}/timeline/stream${queryText(query)}`,
};
