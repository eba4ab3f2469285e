// Sends a file in parts. Its upload is named after the file, so that what broke off goes on where it ended.
import { ApiError, api } from "../api/client";

/** As the server takes them. */
const PART_BYTES = 4 << 20;
const STATUS_CONFLICT = 409;
const TRIES_MAX = 5;
const PAUSE_MS = 1_000;
const ID_BYTES = 16;

/** The same file has the same upload: name, size and time of change say which it is. */
export async function uploadId(file: { name: string; size: number; lastModified: number }): Promise<string> {
  const text = new TextEncoder().encode(`${file.name}\0${file.size}\0${file.lastModified}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return [...digest.slice(0, ID_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends what the server does not have yet, and returns the upload's id. */
export async function sendFile(file: File, signal: AbortSignal, onSent: (bytes: number) => void): Promise<string> {
  const id = await uploadId(file);
  let { received } = await api.upload(id, signal);
  onSent(received);
  let tries = 0;
  while (received < file.size || file.size === 0) {
    const part = file.slice(received, received + PART_BYTES);
    try {
      ({ received } = await api.uploadPart(id, received, part, signal));
      tries = 0;
      onSent(received);
    } catch (error) {
      const again = error instanceof ApiError && (error.isOffline || error.status === STATUS_CONFLICT || error.retryAfterSeconds !== undefined);
      tries += 1;
      if (!again || tries >= TRIES_MAX || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
      ({ received } = await api.upload(id, signal));
    }
    if (file.size === 0) break;
  }
  return id;
}
