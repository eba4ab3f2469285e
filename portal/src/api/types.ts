// The shapes of the portal API that the portal uses. Ids, cursors and times are strings.

export type Outcome = "ok" | "failed";
export type CoverageLevel = "full" | "partial" | "off";
export type DeviceState = "active" | "silent" | "enrolled" | "imported";

export interface Device {
  id: string;
  name: string;
  os: string;
  osVersion?: string;
  kernel?: string;
  ips: string[];
  sensorVersion?: string;
  firstSeen?: string;
  lastSeen?: string;
  lastEvent?: string;
  state: DeviceState;
  events24h: number;
  lost24h: number;
  coverage: Record<string, CoverageLevel>;
}

/** A stretch of time in which events are known to be missing. */
export interface Gap {
  reason: string;
  /** Absent when nobody knows how many were lost. */
  count?: number;
  from: string;
  to: string;
  kind?: string;
}

export interface Completeness {
  state: "complete" | "gaps" | "unknown";
  gaps: Gap[];
}

/** One event as the timeline shows it. */
export interface Item {
  eventId: string;
  /** RFC 3339 UTC with nine fraction digits, so text order is time order. */
  time: string;
  actionType: string;
  group: string;
  table: string;
  outcome: Outcome;
  errorName?: string;
  errorCode?: number;
  processName?: string;
  processId?: number;
  processKey?: string;
  commandLine?: string;
  script?: string;
  attribution?: string;
  /** How many scripts may have done it, when several may. */
  possibleScripts?: number;
  user?: string;
  /** What the event is about: a base name, host:port, query name or command. */
  object?: string;
  /** The rest of it: directory, command line, previous name. */
  objectDetail?: string;
  durationUs?: number;
  gap?: Gap;
}

export interface TimelinePage {
  items: Item[];
  older: string | null;
  newer: string | null;
  complete: Completeness;
}

export interface GroupCount {
  n: number;
  failed: number;
}

export interface Summary {
  from: string;
  to: string;
  stepNs: string;
  total: number[];
  failed: number[];
  groups: Record<string, GroupCount>;
  failedTotal: number;
  matched: number;
  complete: Completeness;
}

export interface EventField {
  name: string;
  value: string | number | boolean;
  type: string;
}

export interface TreeNode {
  key: string;
  pid: number | null;
  name: string | null;
  path?: string;
  commandLine?: string;
  script?: string;
  user?: string;
  started?: string;
  ended?: string;
  exit?: string;
  startSeen: boolean;
  childrenTotal: number;
  children: TreeNode[];
}

/** What one script did in the process in the middle, at one level of certainty. */
export interface ScriptRun {
  /** Absent where several scripts can have done it, or none is known. */
  script?: string;
  run?: string;
  level: string;
  events: number;
  first: string;
  last: string;
  /** Keys of the processes that it started. */
  children: string[];
}

export interface Tree {
  focus: string;
  /** Root first. */
  ancestors: TreeNode[];
  node: TreeNode;
  /** Scripts that it ran, the earliest first. */
  runs: ScriptRun[];
}

export interface EventAnswer {
  item: Item;
  fields: EventField[];
  tree?: Tree;
}

export type Role = "admin" | "analyst" | "reader";

export interface Session {
  user: string;
  role: Role;
}

/** For an authenticator app; shown once. */
export interface NewTotp {
  secret: string;
  uri: string;
}

export interface EnrolmentToken {
  token: string;
  expires: string;
}

/** A client secret or a certificate, without what is secret of it. */
export interface Credential {
  id: string;
  name: string;
  hint: string;
  created: string;
  expires: string;
  expired: boolean;
  lastUsed?: string | null;
  lastAddress?: string | null;
}

export interface AppPermission {
  name: string;
  consented: boolean;
}

/** An app registration. */
export interface App {
  appId: string;
  name: string;
  accountType: string;
  created: string;
  createdBy: string;
  permissions: AppPermission[];
  secrets: Credential[];
  certificates: Credential[];
}

export interface Apps {
  tenantId: string;
  apps: App[];
}

export interface NewSecret {
  id: string;
  secret: string;
  expires: string;
}

export interface Permission {
  name: string;
  description: string;
}

export type AlertSeverity = "UnSpecified" | "Informational" | "Low" | "Medium" | "High";
export type AlertStatus = "Unknown" | "New" | "InProgress" | "Resolved";

/** A process, file, address, name, registry value or account; what is not known is null. */
export type EvidencePiece = { entityType: string } & Record<string, string | number | null>;

export interface Alert {
  id: string;
  title: string;
  description: string;
  severity: AlertSeverity;
  status: AlertStatus;
  category: string;
  classification: string | null;
  assignedTo: string | null;
  detectorId: string;
  machineId: string;
  computerDnsName: string;
  firstEventTime: string;
  lastEventTime: string;
  mitreTechniques: string[];
  comments: { comment: string; createdBy: string; createdTime: string }[];
  evidence: EvidencePiece[];
}

export interface AlertList {
  "@odata.count": number;
  value: Alert[];
}

export interface AlertDetail {
  alert: Alert;
  /** Oldest first. */
  events: string[];
  nEvents: number;
  incident: { id: string; title: string; severity: AlertSeverity; status: AlertStatus; lastEventTime: string }[];
}

/** An empty text takes a value away. */
export interface AlertUpdate {
  status?: string;
  classification?: string;
  assignedTo?: string;
  comment?: string;
}

/** How much of a file is on the server. */
export interface Upload {
  received: number;
}

/** What became of imported events: events = rows + merged + rejected. */
export interface ImportSummary {
  events: number;
  rows: number;
  merged: number;
  rejected: number;
  rejectedBy: Record<string, number>;
  alreadyImported: number;
  devices: Record<string, number>;
  from: string | null;
  to: string | null;
  problems: string[];
}

/** One line of an import's answer. */
export type ImportLine = { progress: ImportSummary } | { done: ImportSummary } | { error: { message: string } };
