// The icon of an event group. Shape and colour help the eye; the text beside says the same.
import * as icons from "../ui/icons";

const ICONS: Record<string, { Icon: typeof icons.FileIcon; color: string }> = {
  Processes: { Icon: icons.ProcessIcon, color: "var(--g-process)" },
  Files: { Icon: icons.FileIcon, color: "var(--g-file)" },
  Network: { Icon: icons.NetworkIcon, color: "var(--g-net)" },
  Dns: { Icon: icons.DnsIcon, color: "var(--g-dns)" },
  Registry: { Icon: icons.RegistryIcon, color: "var(--g-file)" },
  UserActivity: { Icon: icons.UserIcon, color: "var(--g-process)" },
  ScheduledTask: { Icon: icons.ClockIcon, color: "var(--g-dns)" },
  Firewall: { Icon: icons.ShieldIcon, color: "var(--g-net)" },
  AlertsRelatedEvents: { Icon: icons.AlertIcon, color: "var(--fail)" },
  Sensor: { Icon: icons.PulseIcon, color: "var(--g-other)" },
  Other: { Icon: icons.TerminalIcon, color: "var(--g-other)" },
};
const SHIELD = { Icon: icons.ShieldIcon, color: "var(--g-other)" };

export function GroupIcon({ group }: { group: string }) {
  const { Icon, color } = ICONS[group] ?? SHIELD;
  return <span className="group-icon" style={{ color }}><Icon size={15} /></span>;
}
