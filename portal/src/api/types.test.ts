// The hand-written shapes say more than OpenAPI can (closed sets, no null), so both are kept, and
// this file fails to compile when their names drift apart.
import { expect, test } from "vitest";
import type { components } from "../generated/api";
import type * as ours from "./types";

type Schemas = components["schemas"];
type SameKeys<A, B> = [keyof A] extends [keyof B] ? ([keyof B] extends [keyof A] ? true : never) : never;

const sameKeys: true[] = [
  true satisfies SameKeys<ours.Item, Schemas["Item"]>,
  true satisfies SameKeys<ours.Gap, Schemas["GapBody"]>,
  true satisfies SameKeys<ours.Completeness, Schemas["CompleteBody"]>,
  true satisfies SameKeys<ours.TimelinePage, Schemas["TimelinePage"]>,
  true satisfies SameKeys<ours.Summary, Schemas["TimelineSummary"]>,
  true satisfies SameKeys<ours.GroupCount, Schemas["GroupBody"]>,
  true satisfies SameKeys<ours.EventField, Schemas["Field"]>,
  true satisfies SameKeys<ours.EventAnswer, Schemas["EventBody"]>,
  true satisfies SameKeys<ours.Tree, Schemas["TreeBody"]>,
  true satisfies SameKeys<ours.TreeNode, Schemas["NodeBody"]>,
  true satisfies SameKeys<ours.ScriptRun, Schemas["RunBody"]>,
  true satisfies SameKeys<ours.Device, Schemas["DeviceBody"]>,
  true satisfies SameKeys<ours.EnrolmentToken, Schemas["TokenBody"]>,
  true satisfies SameKeys<ours.Apps, Schemas["AppsBody"]>,
  true satisfies SameKeys<ours.App, Schemas["AppBody"]>,
  true satisfies SameKeys<ours.AppPermission, Schemas["AppPermissionBody"]>,
  true satisfies SameKeys<ours.Credential, Schemas["CredentialBody"]>,
  true satisfies SameKeys<ours.NewSecret, Schemas["SecretBody"]>,
  true satisfies SameKeys<ours.Permission, Schemas["PermissionBody"]>,
  true satisfies SameKeys<ours.NewTotp, Schemas["TotpBody"]>,
  true satisfies SameKeys<ours.Session, Schemas["Me"]>,
];

test("our shapes have the API's names", () => {
  expect(sameKeys.every(Boolean)).toBe(true);
});
