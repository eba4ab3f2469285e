// What a secret's or certificate's dates mean.
import type { Credential } from "../api/types";
import { now, toMs } from "../time/time";

const DAY_MS = 86_400_000;
const EXPIRING_DAYS = 14;
const UNUSED_DAYS = 90;

export type CredentialState = "live" | "expiring" | "expired" | "unused";

/** Unused: live, older than three months, and nobody has asked for a token with it since. */
export function credentialState(credential: Credential, at = now()): CredentialState {
  if (credential.expired) return "expired";
  if (toMs(credential.expires) - at < EXPIRING_DAYS * DAY_MS) return "expiring";
  return at - toMs(credential.lastUsed ?? credential.created) > UNUSED_DAYS * DAY_MS ? "unused" : "live";
}
