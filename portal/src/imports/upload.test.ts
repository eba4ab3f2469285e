// A file goes up in parts, and goes on after a break where the server says.
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, api } from "../api/client";
import { sendFile, uploadId } from "./upload";

const file = new File([new Uint8Array((4 << 20) + 7)], "a.evtx", { lastModified: 1 });

afterEach(() => {
  vi.restoreAllMocks();
});

describe("upload", () => {
  it("names an upload after the file", async () => {
    const id = await uploadId(file);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await uploadId({ name: "a.evtx", size: file.size, lastModified: 2 })).not.toBe(id);
  });

  it("sends parts and goes on after a break", async () => {
    // No pause before the next try.
    vi.spyOn(globalThis, "setTimeout").mockImplementation((work: () => void) => {
      work();
      return 0 as unknown as ReturnType<typeof setTimeout>;
    });
    let received = 0;
    let broken = false;
    vi.spyOn(api, "upload").mockImplementation(() => Promise.resolve({ received }));
    const part = vi.spyOn(api, "uploadPart").mockImplementation((_id, offset, bytes) => {
      expect(offset).toBe(received);
      if (received > 0 && !broken) {
        broken = true;
        return Promise.reject(new ApiError(0, "offline", ""));
      }
      received += bytes.size;
      return Promise.resolve({ received });
    });
    const sent: number[] = [];
    const done = await sendFile(file, new AbortController().signal, (bytes) => sent.push(bytes));
    expect(done).toBe(await uploadId(file));
    expect(part).toHaveBeenCalledTimes(3);
    expect(sent).toEqual([0, 4 << 20, file.size]);
  });

  it("gives up on a refusal", async () => {
    vi.spyOn(api, "upload").mockResolvedValue({ received: 0 });
    vi.spyOn(api, "uploadPart").mockRejectedValue(new ApiError(507, "upload_full", "full"));
    await expect(sendFile(file, new AbortController().signal, () => {})).rejects.toMatchObject({ code: "upload_full" });
  });
});
