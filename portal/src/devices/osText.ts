// The operating system of a device in one text.
import type { Device } from "../api/types";

/** The version usually names the system already. */
export function osText(device: Device): string {
  return device.osVersion === undefined || device.osVersion === "" ? device.os : device.osVersion;
}
